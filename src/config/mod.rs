//! What the operator writes: one TOML file that holds what is not policy.
//!
//! In: the file, and what the command line says over it. Out: a [`Config`] in which every value is
//! typed and bounded, or every problem at once with its line. Invariants: an unknown key is an
//! error; secrets stand in files of their own that only their owner can read, never in this one; a
//! path is relative to the file it stands in. Deliberately absent: rules, purposes, operations,
//! which are policy and stand in the bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::domain::name::{OperationId, UpstreamName};
use crate::domain::problem::Problem;
use crate::domain::sheet::{self, At};
use crate::limits;
use crate::wire::host::HostPattern;

mod environment;
mod file;
mod place;
mod secret;
mod sections;

pub use environment::Environment;
pub use secret::{SECRET_BYTES_MAX, SecretError, SecretFile};
pub use sections::bounds::{
    Clock, ClockTrust, Otlp, Streams, Telemetry, TelemetryFormat, Timeouts,
};
pub use sections::door::{FurtherHost, Listen, Tls};
pub use sections::house::{Portal, Store};
pub use sections::limits::{Redis, RedisTls, Requests};
pub use sections::notary::{Notary, Tsa};
pub use sections::pool::Upstream;
pub use sections::sign_in::{
    Algorithm, Certificates, Claims, Issuer, Realm, SessionBounds, System,
};
pub use sections::upstream::{Authority, Egress, FactOrigin, Facts};

use place::{Needed, Place};

/// The config: valid in itself. Whether the files it names are there is asked by
/// [`Config::missing`].
#[derive(Debug)]
pub struct Config {
    pub portal: Portal,
    pub listen: Listen,
    /// Of the portal's own host.
    pub tls: Tls,
    /// Hosts beside it.
    pub hosts: Vec<FurtherHost>,
    /// Folder of the keys this gateway signs and encrypts with.
    pub keys_dir: PathBuf,
    pub store: Store,
    /// Folder of the policy bundle.
    pub bundle_dir: PathBuf,
    pub upstreams: BTreeMap<UpstreamName, Upstream>,
    pub realms: Vec<Realm>,
    pub issuers: Vec<Issuer>,
    /// Whose client certificates sign in.
    pub certificates: Vec<Certificates>,
    pub egress: Egress,
    pub facts: Vec<Facts>,
    pub limits: limits::Settings,
    pub streams: Streams,
    /// With it limits are counted together with other processes.
    pub redis: Option<Redis>,
    pub requests: Requests,
    pub timeouts: Timeouts,
    pub clock: Clock,
    pub telemetry: Telemetry,
    /// Without it nothing is sealed, stamped or checked.
    pub notary: Option<Notary>,
    file: PathBuf,
    overrides: Overrides,
    /// Where the sections of [`FIXED`] stand.
    lines: BTreeMap<&'static str, u32>,
    tls_line: u32,
    /// Where it is said how each is spoken to, or else its section.
    upstream_lines: BTreeMap<UpstreamName, u32>,
    certificates_lines: BTreeMap<String, u32>,
    upstreams_line: u32,
    operation_lines: BTreeMap<OperationId, u32>,
    needed: Vec<Needed>,
}

/// Sections that are read at start only; of `limits` it is all but the rates.
const FIXED: [&str; 16] = [
    "portal",
    "listen",
    "keys",
    "store",
    "bundle",
    "realms",
    "issuers",
    "certificates",
    "egress",
    "facts",
    "limits",
    "streams",
    "timeouts",
    "clock",
    "telemetry",
    "notary",
];

/// What the command line says over the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    pub listen_public: Option<SocketAddr>,
    pub listen_admin: Option<SocketAddr>,
}

impl Config {
    /// Reads the file and looks for what it names.
    ///
    /// # Errors
    /// Every problem, ordered by line.
    pub fn load(path: &Path, overrides: &Overrides) -> Result<Self, Vec<Problem>> {
        let bytes = fs::read(path).map_err(|error| {
            let what = format!("the config cannot be read: {error}");
            vec![whole_file(
                path,
                what,
                "name a readable file with `--config`",
            )]
        })?;
        let config = Self::read(path, &bytes, overrides)?;
        let missing = config.missing();
        if missing.is_empty() {
            Ok(config)
        } else {
            Err(missing)
        }
    }

    /// Reads the file's bytes; touches nothing that it names.
    ///
    /// # Errors
    /// Every problem, ordered by line.
    pub fn read(path: &Path, bytes: &[u8], overrides: &Overrides) -> Result<Self, Vec<Problem>> {
        let place = Place::beside(path);
        let (config, mut problems) = sheet::read(path, bytes, |root| {
            file::read(root, path, &place, overrides)
        });
        problems.sort();
        match config {
            Some(mut config) if problems.is_empty() => {
                config.needed = place.into_needed();
                Ok(config)
            }
            Some(_) | None => Err(problems),
        }
    }

    /// Reads the same file again, with the same said over it.
    ///
    /// # Errors
    /// As [`Config::load`]; and what differs from this config and is read at start only.
    pub fn again(&self) -> Result<Self, Vec<Problem>> {
        let new = Self::load(&self.file, &self.overrides)?;
        let differs = |key: &str| match key {
            "portal" => self.portal != new.portal,
            "listen" => self.listen != new.listen,
            "keys" => self.keys_dir != new.keys_dir,
            "store" => self.store != new.store,
            "bundle" => self.bundle_dir != new.bundle_dir,
            "realms" => self.realms != new.realms,
            "issuers" => self.issuers != new.issuers,
            "certificates" => self.certificates != new.certificates,
            "egress" => self.egress != new.egress,
            "facts" => self.facts != new.facts,
            "streams" => self.streams != new.streams,
            "timeouts" => self.timeouts != new.timeouts,
            "clock" => self.clock != new.clock,
            "telemetry" => self.telemetry != new.telemetry,
            "notary" => self.notary != new.notary,
            _ => {
                self.limits.keys_max != new.limits.keys_max
                    || self.redis != new.redis
                    || self.requests != new.requests
            }
        };
        let problem = |(key, line): (&&'static str, &u32)| Problem {
            file: new.file.clone(),
            line: *line,
            what: format!("`{key}` has changed, which is read at start only"),
            mend: "put it back, or restart".to_owned(),
        };
        let changed = new.lines.iter().filter(|(key, _)| differs(key));
        let mut problems: Vec<_> = changed.map(problem).collect();
        problems.sort();
        if problems.is_empty() {
            Ok(new)
        } else {
            Err(problems)
        }
    }

    /// What the config names and this machine has not, or keeps open to others.
    #[must_use]
    pub fn missing(&self) -> Vec<Problem> {
        let problem = |needed: &Needed| needed.problem(&self.file);
        self.needed.iter().filter_map(problem).collect()
    }

    /// A problem of what the portal's own host, or a further one, shows.
    #[must_use]
    pub fn problem_of_host(&self, host: &HostPattern, what: String, mend: &str) -> Problem {
        let further = self.hosts.iter().find(|further| further.host == *host);
        Problem {
            file: self.file.clone(),
            line: further.map_or(self.tls_line, |further| further.line),
            what,
            mend: mend.to_owned(),
        }
    }

    /// A problem of how an upstream is spoken to.
    #[must_use]
    pub fn problem_of_upstream(&self, name: &UpstreamName, what: String, mend: &str) -> Problem {
        Problem {
            file: self.file.clone(),
            line: self.upstream_lines.get(name).copied().unwrap_or(0),
            what,
            mend: mend.to_owned(),
        }
    }

    /// A problem of a section of client certificates.
    #[must_use]
    pub fn problem_of_certificates(&self, name: &str, what: String, mend: &str) -> Problem {
        Problem {
            file: self.file.clone(),
            line: self.certificates_lines.get(name).copied().unwrap_or(0),
            what,
            mend: mend.to_owned(),
        }
    }

    /// A problem for each of these upstreams that has no address here.
    pub fn unaddressed<'n>(
        &self,
        names: impl IntoIterator<Item = &'n UpstreamName>,
    ) -> Vec<Problem> {
        let problem = |name: &UpstreamName| Problem {
            file: self.file.clone(),
            line: self.upstreams_line,
            what: format!("the register forwards to `{name}`, which has no address"),
            mend: format!("write `[upstreams.{name}]` with its `address`"),
        };
        let unknown = |name: &&UpstreamName| !self.upstreams.contains_key(*name);
        let mut problems: Vec<_> = names.into_iter().filter(unknown).map(problem).collect();
        problems.sort();
        problems.dedup();
        problems
    }

    /// A problem for each operation that has a rate of its own and is none of these.
    pub fn unregistered<'n>(
        &self,
        operations: impl IntoIterator<Item = &'n OperationId>,
    ) -> Vec<Problem> {
        let known: BTreeSet<_> = operations.into_iter().collect();
        let unknown = self.operation_lines.iter();
        let unknown = unknown.filter(|(operation, _)| !known.contains(operation));
        let problem = |(operation, line): (&OperationId, &u32)| Problem {
            file: self.file.clone(),
            line: *line,
            what: format!("`{operation}` is no operation of the register"),
            mend: "write an operation's id, or remove the section".to_owned(),
        };
        unknown.map(problem).collect()
    }
}

/// Every problem of a deployment: of the config, of what it names, and, where the config can be
/// read, those that `rest` finds in the register, the policies and their tests.
pub fn check(path: &Path, rest: impl FnOnce(&Config) -> Vec<Problem>) -> Vec<Problem> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let what = format!("the config cannot be read: {error}");
            return vec![whole_file(
                path,
                what,
                "name a readable file with `--config`",
            )];
        }
    };
    match Config::read(path, &bytes, &Overrides::default()) {
        Err(problems) => problems,
        Ok(config) => {
            let mut problems = config.missing();
            problems.extend(rest(&config));
            problems
        }
    }
}

fn whole_file(file: &Path, what: String, mend: &str) -> Problem {
    Problem {
        file: file.to_owned(),
        line: 0,
        what,
        mend: mend.to_owned(),
    }
}

/// Notes each value that stood before already.
fn repeated<T: PartialEq>(values: &[At<T>]) -> impl Iterator<Item = &At<T>> {
    let before = |(position, at): &(usize, &At<T>)| {
        values
            .iter()
            .take(*position)
            .any(|earlier| earlier.value == at.value)
    };
    values.iter().enumerate().filter(before).map(|(_, at)| at)
}

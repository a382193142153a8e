//! Registers of facts, and where our own requests may go.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use url::{Host, Url};

use crate::config::place::Place;
use crate::config::secret::SecretFile;
use crate::domain::name::AgencyId;
use crate::domain::sheet::{At, Table};
use crate::facts::FactKind;

/// `host:port`, as a connection is made to it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Authority(String);

/// Where the gateway's own requests may go, and whom it believes there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Egress {
    /// To these; a name among them leads to addresses of the public Internet only.
    pub allow: Vec<Authority>,
    /// To these, wherever their names lead: for what stands in networks of the state.
    pub allow_inside: Vec<Authority>,
    /// PEM file of the authorities that vouch for them; without it nobody does.
    pub roots: Option<PathBuf>,
}

/// A register of facts, and what it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub name: String,
    pub origin: FactOrigin,
    /// Bodies it answers for; empty is all of them.
    pub agencies: Vec<AgencyId>,
    pub answers: BTreeSet<FactKind>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactOrigin {
    /// A body's own system, asked over HTTP.
    Service {
        address: String,
        secret: SecretFile,
    },
    File(PathBuf),
}

impl Authority {
    /// Reads `host:port`; an IPv6 address stands in brackets.
    pub fn parse(given: &str) -> Result<Self, String> {
        let url = Url::parse(&format!("tcp://{given}")).ok();
        match url
            .as_ref()
            .and_then(|url| Some((url.host_str()?, url.port()?)))
        {
            Some((host, port)) if format!("{host}:{port}") == given && port > 0 => {
                Ok(Self(given.to_owned()))
            }
            _ => Err(format!("`{given}` is not `host:port`")),
        }
    }

    /// The authority that a URL leads to, its port written out.
    #[must_use]
    pub fn of_url(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        Some(Self(format!(
            "{}:{}",
            url.host_str()?,
            url.port_or_known_default()?
        )))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the port, and an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.0.rsplit_once(':').map_or(&*self.0, |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({})", self.0)
    }
}

impl Egress {
    pub(in crate::config) fn read(table: &mut Table<'_>, place: &Place) -> Self {
        let mut list = |key| {
            let authorities = table.list_parsed(key, "write `host:port`", Authority::parse);
            authorities.into_iter().map(|at| at.value).collect()
        };
        let (allow, allow_inside) = (list("allow"), list("allow_inside"));
        let roots = if table.has("roots") {
            place.file(table, "roots")
        } else {
            None
        };
        Self {
            allow,
            allow_inside,
            roots,
        }
    }

    pub(in crate::config) fn reaches(&self, authority: &Authority) -> bool {
        self.allow.contains(authority) || self.allow_inside.contains(authority)
    }
}

impl Facts {
    pub(in crate::config) fn read(
        name: At<&str>,
        table: &mut Table<'_>,
        place: &Place,
    ) -> Option<At<Self>> {
        let At { value: name, line } = name;
        let origin = if table.has("file") {
            place.file(table, "file").map(FactOrigin::File)
        } else {
            service(table, place)
        };
        let agencies = table.list_parsed("agencies", "name a body", AgencyId::parse);
        let mend = "write `cases`, `staff`, `mandates`, `consents` or `persons`";
        let answers = table.list_parsed("answers", mend, fact_kind);
        if table.is_empty("answers") {
            table.note(line, format!("`{name}` is asked for nothing"), mend);
        }
        let facts = Self {
            name: name.to_owned(),
            origin: origin?,
            agencies: agencies.into_iter().map(|at| at.value).collect(),
            answers: answers.into_iter().map(|at| at.value).collect(),
        };
        Some(At { value: facts, line })
    }
}

fn fact_kind(given: &str) -> Result<FactKind, String> {
    match given {
        "cases" => Ok(FactKind::Cases),
        "staff" => Ok(FactKind::Staff),
        "mandates" => Ok(FactKind::Mandates),
        "consents" => Ok(FactKind::Consents),
        "persons" => Ok(FactKind::Persons),
        _ => Err(format!("`{given}` is no kind of fact")),
    }
}

fn service(table: &mut Table<'_>, place: &Place) -> Option<FactOrigin> {
    let address = table.need_parsed("address", URL_MEND, guarded_url);
    let secret = place.secret(table, "secret_file");
    let address = address?.value.trim_end_matches('/').to_owned();
    Some(FactOrigin::Service {
        address,
        secret: secret?,
    })
}

/// The name of a section, read by `parse`.
pub(in crate::config) fn named<T, E: fmt::Display>(
    name: At<&str>,
    table: &Table<'_>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    match parse(name.value) {
        Ok(id) => Some(id),
        Err(error) => {
            table.note(name.line, error.to_string(), "rename the section");
            None
        }
    }
}

/// A URL that secrets may be sent to: `https`, or `http` that does not leave this machine. Given
/// back as it was written, since issuers are compared byte for byte (`OpenID` Connect Core §3.1.3.7).
pub(in crate::config) fn guarded_url(given: &str) -> Result<String, String> {
    let url = Url::parse(given).map_err(|_| format!("`{given}` is not a URL"))?;
    let plain = url.username().is_empty() && url.password().is_none();
    if !plain || url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "`{given}` has user information, a query or a fragment"
        ));
    }
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => Ok(given.to_owned()),
        ("http", Some(host)) if is_loopback(&host) => Ok(given.to_owned()),
        _ => Err(format!("`{given}` is neither `https` nor on this machine")),
    }
}

/// An origin with `https`, and its host.
pub(in crate::config) fn https_origin(given: &str) -> Result<(String, String), String> {
    let url = Url::parse(given).ok().filter(|url| url.scheme() == "https");
    let same = |url: &Url| url.origin().ascii_serialization() == given;
    match url.filter(same).as_ref().and_then(Url::host_str) {
        Some(host) => Ok((given.to_owned(), host.to_owned())),
        None => Err(format!(
            "`{given}` is not an origin with `https`, as browsers write it"
        )),
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

pub(in crate::config) const URL_MEND: &str = "write a URL with `https`";

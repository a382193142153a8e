//! The bundle of a folder: the register and the rules from the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::app::error::AppError;
use crate::app::{certificates, hosts};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::operation::Operation;
use crate::domain::problem::Problem;
use crate::domain::service::{Backend, Service};
use crate::gateway::Snapshot;
use crate::policy::{self, Known, Policy, Source, Vocabulary};
use crate::register::{Files, KnownNames, Register};
use crate::upstream::{Pools, Protocol};

/// Where a bundle keeps the register.
const SERVICES_FOLDER: &str = "services/";

/// A loaded bundle and the bytes it was loaded from.
#[derive(Debug)]
pub struct House {
    pub source: Source,
    pub register: Register,
    pub policy: Arc<Policy>,
}

/// Loads a bundle's folder.
///
/// # Errors
/// Every problem of vocabulary, register and rules that can be told apart.
pub fn load_house(folder: &Path) -> Result<House, Vec<Problem>> {
    let source = Source::read_folder(folder)?;
    let vocabulary = Policy::vocabulary_of(&source)?;
    let files = register_files(&source, folder);
    let register = Register::read(&files, &names(&vocabulary))?;
    let known = Known {
        services: register
            .services()
            .map(|service| service.id.clone())
            .collect(),
        operations: register
            .operations()
            .map(|operation| operation.id.clone())
            .collect(),
    };
    let policy = Arc::new(Policy::load(&source, &known)?);
    Ok(House {
        source,
        register,
        policy,
    })
}

/// What is wrong with a config's certificates, its bundle and tests, its hosts and upstreams.
pub(super) fn problems(config: &Config, clock: &Arc<dyn Clock>) -> Vec<Problem> {
    let mut problems = hosts::weak(config, clock.now());
    problems.extend(certificates::weak(config, clock.now()));
    let house = match load_house(&config.bundle_dir) {
        Ok(house) => house,
        Err(found) => {
            problems.extend(found);
            return problems;
        }
    };
    problems.extend(hosts::unanswered(config, &house.register));
    problems.extend(hosts::unasked(config, &house.register));
    problems.extend(house.mismatches(config));
    match policy::run(&house.policy, &house.source) {
        Ok(suites) => problems.extend(suites.iter().flat_map(policy::Suite::problems)),
        Err(found) => problems.extend(found),
    }
    problems
}

/// The upstreams that the register names.
fn upstreams(register: &Register) -> BTreeSet<crate::domain::name::UpstreamName> {
    let backends = register.services().map(|service| &service.backend);
    backends
        .filter_map(|backend| match backend {
            Backend::Upstream { name, .. } => Some(name.clone()),
            Backend::InHouse => None,
        })
        .collect()
}

/// Operations whose messages cannot be said in the protocol that their upstream is spoken to in.
fn uncarried(config: &Config, register: &Register) -> Vec<Problem> {
    let mut problems = Vec::new();
    for operation in register.operations() {
        let Backend::Upstream { name, .. } = &operation.service.backend else {
            continue;
        };
        let Some(upstream) = config.upstreams.get(name) else {
            continue;
        };
        let id = &operation.id;
        let is_tunnel = operation.flow.upgrade.is_some();
        let (what, mend) = match upstream.pool.protocol {
            Protocol::Http2 if is_tunnel => (
                format!("`{id}` goes on as a WebSocket, and `{name}` is spoken to in `http2`"),
                "write `protocol = \"http1\"`, or lead the e-service to an upstream of its own",
            ),
            Protocol::Http1 if operation.is_grpc() => (
                format!("`{id}` is a method of gRPC, and `{name}` is spoken to in `http1`"),
                "write `protocol = \"http2\"`, or lead the e-service to an upstream of its own",
            ),
            Protocol::Http1 | Protocol::Http2 => continue,
        };
        problems.push(config.problem_of_upstream(name, what, mend));
    }
    problems
}

fn register_files(source: &Source, folder: &Path) -> Files {
    let described = source.files().filter_map(|(path, bytes)| {
        let name = path.strip_prefix(SERVICES_FOLDER)?;
        Some((folder.join(SERVICES_FOLDER).join(name), bytes.to_vec()))
    });
    Files::in_memory(&folder.join(SERVICES_FOLDER), described)
}

fn names(vocabulary: &Vocabulary) -> KnownNames {
    let agencies = vocabulary
        .agencies()
        .map(|a| (a.id.clone(), a.names.clone()));
    KnownNames {
        purposes: vocabulary
            .purposes()
            .map(|purpose| purpose.id.clone())
            .collect(),
        classes: vocabulary.classes().map(|class| class.id.clone()).collect(),
        roles: vocabulary.roles().map(|(role, _)| role.clone()).collect(),
        documents: vocabulary.documents().map(|kind| kind.id.clone()).collect(),
        agencies: agencies.collect::<BTreeMap<_, _>>(),
    }
}

impl House {
    /// What decides from now on; of the pools of `before` those that have not changed.
    ///
    /// # Errors
    /// The upstream whose TLS cannot be set up.
    pub(super) fn into_snapshot(
        self,
        config: &Config,
        before: &Pools,
        clock: &Arc<dyn Clock>,
    ) -> Result<Snapshot, AppError> {
        let configured = config.upstreams.iter();
        let configured = configured.map(|(name, u)| (name, u.endpoints.as_slice(), &u.pool));
        let pools = Pools::new(configured, before, clock);
        Ok(Snapshot {
            register: self.register,
            policy: self.policy,
            pools: pools.map_err(|(name, cause)| AppError::Setting {
                what: format!("upstreams.{name}"),
                cause: cause.to_string(),
            })?,
        })
    }

    /// Upstreams that the register names and the config does not, operations the other way round,
    /// and what an upstream's protocol cannot carry.
    pub(super) fn mismatches(&self, config: &Config) -> Vec<Problem> {
        let mut problems = config.unaddressed(&upstreams(&self.register));
        let operations = self.register.operations();
        problems.extend(config.unregistered(operations.map(|operation| &operation.id)));
        problems.extend(uncarried(config, &self.register));
        problems
    }

    /// The e-services and operations, for what lists them.
    #[must_use]
    pub fn listed(&self) -> (Vec<Arc<Service>>, Vec<Arc<Operation>>) {
        (
            self.register.services().cloned().collect(),
            self.register.operations().cloned().collect(),
        )
    }
}

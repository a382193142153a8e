//! The rooms, wired from a config.

use std::sync::Arc;

use arc_swap::ArcSwap;
use ring::rand::SystemRandom;

use crate::app::doors::recorder;
use crate::app::error::AppError;
use crate::app::identity;
use crate::app::limits::Limits;
use crate::app::stores::{self, Keys};
use crate::clock::Clock;
use crate::config::{Config, FactOrigin};
use crate::console::{Console, InHouseServices, PortalSettings};
use crate::counts::Counts;
use crate::egress::Egress;
use crate::facts::{Assignment, FactFile, FactRoom, FactService, FactServiceSettings, FactSource};
use crate::gateway::{Gateway, LastingSettings, Places, Rooms, Snapshot};
use crate::journal::Journal;
use crate::limits::PrincipalLimit;
use crate::notary::Notary;
use crate::redaction::{Redaction, RedactionSettings};
use crate::tlog::Fatal;
use crate::upstream::{InHouse, Upstream, Vouch};

/// Facts remembered, of each kind.
const FACTS_MAX: usize = 100_000;

/// The corridor with its rooms, and what outlives a request.
pub(super) struct Wired {
    pub(super) gateway: Arc<Gateway>,
    pub(super) console: Arc<Console>,
    pub(super) in_house: Arc<InHouseServices>,
    pub(super) counts: Arc<Counts>,
    pub(super) keys: Keys,
    pub(super) identity: identity::Kept,
    pub(super) journal: Arc<Journal>,
    pub(super) notary: Option<Arc<Notary>>,
    pub(super) limits: Limits,
}

/// Wires the rooms. Opens stores; must be called where tasks can be spawned.
pub(super) async fn wire(
    config: &Config,
    snapshot: Arc<ArcSwap<Snapshot>>,
    clock: &Arc<dyn Clock>,
) -> Result<Wired, AppError> {
    // What is made below keeps handles of what it counts.
    recorder()?;
    let keys = Keys::open(config)?;
    let limits = Limits::new(config, &keys.pseudonym, clock)?;
    let random = Arc::new(SystemRandom::new());
    let fatal = Fatal::new(|why| {
        tracing::error!(target: "muhrdor::fatal", why, "history cannot be written; stopping");
        std::process::abort();
    });
    let journal = Arc::new(stores::journal(config, &keys, &random, &fatal)?);
    let egress = Arc::new(identity::egress(config, clock)?);
    let console = Arc::new(Console::new(portal(config))?);
    let counts = Arc::new(Counts::new());
    let kept = identity::open(config, &keys, &egress, &limits.addresses, clock, &random).await?;
    let house = snapshot.load_full();
    let notary = stores::notary(config, &keys, clock, &fatal)?;
    if let Some(notary) = &notary {
        notary.resume().await?;
    }
    let in_house = Arc::new(InHouseServices::new(
        journal.reader().clone(),
        notary.clone(),
        Arc::clone(&house.policy),
        &house.register,
    ));
    let vouch = Vouch::new(
        config.portal.origin.clone(),
        keys.assertion.clone(),
        Arc::clone(&keys.pseudonym),
    );
    let desk: Arc<dyn InHouse> = Arc::<InHouseServices>::clone(&in_house);
    let upstream = Upstream::new(desk, vouch, Arc::clone(clock));
    let rooms = Rooms {
        identity: Arc::clone(&kept.identity),
        limits: PrincipalLimit::new(&config.limits, Arc::clone(clock), limits.shared.as_ref()),
        lasting: Places::new(LastingSettings {
            streams_per_principal_max: config.streams.per_principal_max,
            streams_per_system_max: config.streams.per_system_max,
            streams_max: config.streams.streams_max,
        }),
        facts: facts(config, &keys, &egress, clock)?,
        upstream,
        notary: notary.clone(),
        redaction: Redaction::new(Arc::clone(&keys.pseudonym), RedactionSettings::default()),
        journal: Arc::clone(&journal),
        counts: Arc::clone(&counts),
        pages: Arc::<Console>::clone(&console),
        pseudonym: Arc::clone(&keys.pseudonym),
        clock: Arc::clone(clock),
    };
    let gateway = Arc::new(Gateway::new(rooms, snapshot));
    Ok(Wired {
        gateway,
        console,
        in_house,
        counts,
        keys,
        identity: kept,
        journal,
        notary,
        limits,
    })
}

fn portal(config: &Config) -> PortalSettings {
    PortalSettings {
        names: config.portal.names.clone(),
        operator: config.portal.operator.clone(),
        help: config.portal.help.clone(),
        host: config.portal.host.clone(),
    }
}

fn facts(
    config: &Config,
    keys: &Keys,
    egress: &Arc<Egress>,
    clock: &Arc<dyn Clock>,
) -> Result<FactRoom, AppError> {
    let mut assignments = Vec::new();
    for facts in &config.facts {
        let source: Arc<dyn FactSource> = match &facts.origin {
            FactOrigin::File(path) => Arc::new(FactFile::read(path, &keys.pseudonym)?),
            FactOrigin::Service { address, secret } => {
                let secret = secret.read().map_err(|cause| AppError::Setting {
                    what: format!("facts.{}", facts.name),
                    cause: cause.to_string(),
                })?;
                let settings = FactServiceSettings {
                    name: facts.name.clone(),
                    address: address.trim_end_matches('/').to_owned(),
                    secret: secret.to_string(),
                };
                let (egress, pseudonym) = (Arc::clone(egress), Arc::clone(&keys.pseudonym));
                Arc::new(FactService::new(settings, egress, pseudonym))
            }
        };
        assignments.push(Assignment {
            agencies: facts.agencies.clone(),
            kinds: facts.answers.clone(),
            source,
        });
    }
    let age = config.timeouts.fact_age_ms_max;
    Ok(FactRoom::new(
        assignments,
        Arc::clone(clock),
        age,
        FACTS_MAX,
    ))
}

//! Who vouches for whom, wired from a config; and the sessions, which outlive a request.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};

use crate::app::certificates;
use crate::app::error::AppError;
use crate::app::stores::{Keys, Places, unusable};
use crate::clock::Clock;
use crate::config::{self, Claims, Config};
use crate::egress::{Allowed, Egress, EgressSettings, Roots};
use crate::identity::bearer::{Bearer, BearerIssuer, BearerSettings, SystemSettings};
use crate::identity::certificate::Certificates;
use crate::identity::keysets::{IssuerKeys, KeySets};
use crate::identity::login::{Login, LoginRooms};
use crate::identity::providers::{RealmClaims, RealmSettings, RefreshSettings};
use crate::identity::session::{SessionBounds, SessionSettings, SessionStore, Sessions};
use crate::identity::{Identity, IdentityParts, IdentitySettings};
use crate::limits::AddressLimit;
use crate::store::embedded::SqliteSessions;
use crate::store::memory::MemorySessions;

/// Answers of providers and registers of facts are not larger, in bytes.
const EGRESS_BYTES_MAX: u64 = 1024 * 1024;
/// The longest bearer token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// The longest time from issue to expiry of a bearer token, in seconds.
const TOKEN_SECONDS_MAX: u32 = 24 * 60 * 60;
/// Bearer tokens remembered as verified.
const TOKENS_CACHED_MAX: usize = 10_000;
/// How far an issuer's clock may be from ours, in seconds.
const CLOCK_SKEW_SECONDS_MAX: u32 = 30;
/// Sessions remembered as opened.
const SESSIONS_CACHED_MAX: usize = 10_000;
/// How often ended sessions are looked for, in milliseconds.
const REVOCATION_POLL_MS: u32 = 500;
/// How old that look may be for a remembered session to be believed, in milliseconds.
const REVOCATION_AGE_MS_MAX: u32 = 5_000;

/// The room, and what must be closed in the end.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) identity: Arc<Identity>,
    sessions: Arc<Sessions>,
    certificates: Arc<Certificates>,
}

impl Kept {
    pub(super) fn sessions(&self) -> Arc<Sessions> {
        Arc::clone(&self.sessions)
    }

    pub(super) fn certificates(&self) -> Arc<Certificates> {
        Arc::clone(&self.certificates)
    }

    /// Ends the tasks of certificates and sessions.
    pub(super) async fn close(&self) {
        self.certificates.close().await;
        self.sessions.close().await;
    }
}

/// The outbound client.
pub(super) fn egress(config: &Config, clock: &Arc<dyn Clock>) -> Result<Egress, AppError> {
    let setting = |cause: String| AppError::Setting {
        what: "egress".to_owned(),
        cause,
    };
    let allowed = |authority: &config::Authority| {
        Allowed::parse(authority.as_str()).map_err(|cause| setting(cause.to_string()))
    };
    let mut allow = Vec::new();
    for authority in &config.egress.allow {
        allow.push(allowed(authority)?);
    }
    for authority in &config.egress.allow_inside {
        allow.push(allowed(authority)?.inside());
    }
    let roots = match &config.egress.roots {
        Some(path) => Roots::load(path).map_err(|cause| setting(cause.to_string()))?,
        None => Roots::none(),
    };
    let settings = EgressSettings {
        allow,
        ms_max: config.timeouts.egress_ms_max,
        bytes_max: EGRESS_BYTES_MAX,
        roots,
    };
    Egress::new(settings, Arc::clone(clock)).map_err(|cause| setting(cause.to_string()))
}

/// Opens the sessions and wires the room. Must be called where tasks can be spawned.
pub(super) async fn open(
    config: &Config,
    keys: &Keys,
    egress: &Arc<Egress>,
    addresses: &Arc<AddressLimit>,
    clock: &Arc<dyn Clock>,
    random: &Arc<SystemRandom>,
) -> Result<Kept, AppError> {
    let random: Arc<dyn SecureRandom + Send + Sync> = Arc::<SystemRandom>::clone(random);
    let realms = realms(config)?;
    let issuers = realms.iter().map(RealmSettings::keys);
    let issuers = issuers.chain(config.issuers.iter().map(|issuer| IssuerKeys {
        issuer: issuer.issuer.clone(),
        jwks: issuer.jwks.clone(),
    }));
    let refresh = RefreshSettings::default();
    let keysets = Arc::new(KeySets::new(
        issuers,
        refresh,
        Arc::clone(egress),
        Arc::clone(clock),
    ));
    let sessions = Sessions::open(
        store(config)?,
        session_settings(config),
        Arc::clone(&keys.vault),
        Arc::clone(&keys.pseudonym),
        Arc::clone(&random),
        Arc::clone(clock),
    );
    let sessions = Arc::new(sessions.await.map_err(AppError::Sessions)?);
    let of_certificates = certificates::realms(config)?;
    let (asked, named) = (egress, Arc::clone(&keys.pseudonym));
    let certificates = Certificates::open(of_certificates, asked, named, clock);
    let certificates = Arc::new(certificates.map_err(AppError::Certificates)?);
    certificates.follow();
    let rooms = LoginRooms {
        keysets: Arc::clone(&keysets),
        egress: Arc::clone(egress),
        vault: Arc::clone(&keys.vault),
        pseudonym: Arc::clone(&keys.pseudonym),
        random,
        clock: Arc::clone(clock),
    };
    let parts = IdentityParts {
        addresses: Arc::clone(addresses),
        sessions: Arc::clone(&sessions),
        certificates: Arc::clone(&certificates),
        bearer: Bearer::new(bearer_settings(config), keysets, Arc::clone(clock)),
        login: Login::new(realms, config.portal.origin.clone(), rooms),
    };
    let settings = IdentitySettings {
        origin: config.portal.origin.clone(),
        token_bytes_max: TOKEN_BYTES_MAX,
    };
    Ok(Kept {
        identity: Arc::new(Identity::new(settings, parts)),
        sessions,
        certificates,
    })
}

/// Makes the store of sessions where there is none; says which it made.
pub(super) fn create(config: &Config) -> Result<Option<PathBuf>, AppError> {
    let Some(places) = Places::of(&config.store) else {
        return Ok(None);
    };
    if places.sessions.exists() {
        return Ok(None);
    }
    SqliteSessions::create(&places.sessions).map_err(|cause| unusable(&places.sessions, cause))?;
    Ok(Some(places.sessions))
}

fn store(config: &Config) -> Result<Arc<dyn SessionStore>, AppError> {
    Ok(match Places::of(&config.store) {
        None => Arc::new(MemorySessions::default()),
        Some(places) => {
            let opened = SqliteSessions::open(&places.sessions);
            Arc::new(opened.map_err(|cause| unusable(&places.sessions, cause))?)
        }
    })
}

fn session_settings(config: &Config) -> SessionSettings {
    let bounds = config.realms.iter().map(|realm| {
        let config::SessionBounds {
            idle_seconds_max,
            seconds_max,
        } = realm.session;
        (
            realm.id.clone(),
            SessionBounds {
                idle_seconds_max,
                seconds_max,
            },
        )
    });
    SessionSettings {
        realms: bounds.collect::<HashMap<_, _>>(),
        cached_max: SESSIONS_CACHED_MAX,
        revocation_poll_ms: REVOCATION_POLL_MS,
        revocation_age_ms_max: REVOCATION_AGE_MS_MAX,
    }
}

fn realms(config: &Config) -> Result<Vec<RealmSettings>, AppError> {
    let mut realms = Vec::new();
    for realm in &config.realms {
        let client_secret = realm
            .client_secret
            .read()
            .map_err(|cause| AppError::Setting {
                what: format!("realms.{}", realm.id),
                cause: cause.to_string(),
            })?;
        realms.push(RealmSettings {
            id: realm.id.clone(),
            issuer: realm.issuer.clone(),
            client_id: realm.client_id.clone(),
            client_secret,
            claims: claims(&realm.claims),
            acr: realm.acr.clone(),
            scopes: realm.scopes.clone(),
            auth_age_seconds_max: realm.session.seconds_max,
        });
    }
    Ok(realms)
}

fn claims(claims: &Claims) -> RealmClaims {
    match claims.clone() {
        Claims::Person { pinfl, name } => RealmClaims::Person { pinfl, name },
        Claims::Official {
            official,
            agency,
            name,
            position,
            pinfl,
        } => RealmClaims::Official {
            official,
            agency,
            name,
            position,
            pinfl,
        },
    }
}

fn bearer_settings(config: &Config) -> BearerSettings {
    let issuers = config.issuers.iter().map(|issuer| BearerIssuer {
        issuer: issuer.issuer.clone(),
        audience: issuer.audience.clone(),
        algorithms: issuer.algorithms.iter().copied().map(algorithm).collect(),
        types: issuer.types.clone(),
        systems: issuer.systems.iter().map(system).collect(),
    });
    BearerSettings {
        issuers: issuers.collect(),
        clock_skew_seconds_max: CLOCK_SKEW_SECONDS_MAX,
        token_bytes_max: TOKEN_BYTES_MAX,
        token_seconds_max: TOKEN_SECONDS_MAX,
        tokens_cached_max: TOKENS_CACHED_MAX,
    }
}

pub(super) fn system(system: &config::System) -> SystemSettings {
    SystemSettings {
        id: system.id.clone(),
        agency: system.agency.clone(),
        roles: system.roles.clone(),
        scopes: system.scopes.clone(),
        assurance: system.assurance,
    }
}

const fn algorithm(algorithm: config::Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        config::Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        config::Algorithm::Es384 => jsonwebtoken::Algorithm::ES384,
        config::Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
        config::Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        config::Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    }
}

//! Limits of this process, or shared with others over a Redis.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use tokio::task::JoinSet;

use crate::app::error::AppError;
use crate::clock::{Clock, TlsTime};
use crate::config::{Config, Redis, RedisTls};
use crate::egress::Roots;
use crate::keys::Pseudonym;
use crate::limits::{AddressLimit, GuessLimit, Load, Shared, SharedCounter};
use crate::server::drain::{Drained, Stage};
use crate::store::redis::{self, RedisCounter, RedisSettings};
use crate::telemetry::meters;

/// What is counted, and with whom.
pub(super) struct Limits {
    /// One count for whatever an address asks for.
    pub(super) addresses: Arc<AddressLimit>,
    /// Of the codes that are printed on papers.
    pub(super) guesses: Arc<GuessLimit>,
    pub(super) shared: Option<Shared>,
    pub(super) load: Arc<Load>,
    counter: Option<Arc<RedisCounter>>,
}

impl Limits {
    /// Nobody is connected yet; a Redis that is not there keeps nothing from starting.
    pub(super) fn new(
        config: &Config,
        pseudonym: &Arc<Pseudonym>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, AppError> {
        let counter = match &config.redis {
            Some(redis) => {
                let settings = settings(redis, clock)?;
                Some(Arc::new(RedisCounter::new(settings, Arc::clone(clock))))
            }
            None => None,
        };
        let shared = counter.as_ref().zip(config.redis.as_ref());
        let shared = shared.map(|(counter, redis)| Shared {
            counter: Arc::<RedisCounter>::clone(counter) as Arc<dyn SharedCounter>,
            pseudonym: Arc::clone(pseudonym),
            settings: redis.shared,
        });
        let addresses = AddressLimit::new(&config.limits, Arc::clone(clock), shared.as_ref());
        let guesses = GuessLimit::new(&config.limits, clock, shared.as_ref());
        Ok(Self {
            addresses: Arc::new(addresses),
            guesses: Arc::new(guesses),
            shared,
            load: Arc::new(Load::new(config.requests.load)),
            counter,
        })
    }

    /// Keeps the connection and measures the load, to the last stage.
    pub(super) fn look_after(
        &self,
        tasks: &mut JoinSet<()>,
        clock: &Arc<dyn Clock>,
        drained: &Drained,
    ) {
        if let Some(counter) = self.counter.clone() {
            tasks.spawn(keep(counter, drained.clone()));
        }
        let (load, clock) = (Arc::clone(&self.load), Arc::clone(clock));
        tasks.spawn(watch(load, clock, drained.clone()));
    }
}

async fn keep(counter: Arc<RedisCounter>, mut drained: Drained) {
    tokio::select! {
        biased;
        () = drained.reached(Stage::Now) => {}
        () = counter.keep() => {}
    }
}

/// Measures how late the runtime is, to the last stage.
async fn watch(load: Arc<Load>, clock: Arc<dyn Clock>, mut drained: Drained) {
    let measuring = async {
        loop {
            let asleep = clock.monotonic();
            tokio::time::sleep(LAG_PAUSE).await;
            let slept = clock.monotonic().since(asleep);
            load.measured(slept.saturating_sub(LAG_PAUSE));
            meters::shed(load.shed_percent());
        }
    };
    tokio::select! {
        biased;
        () = drained.reached(Stage::Now) => {}
        () = measuring => {}
    }
}

fn settings(redis: &Redis, clock: &Arc<dyn Clock>) -> Result<RedisSettings, AppError> {
    let refused = |cause: String| AppError::Setting {
        what: "limits.redis".to_owned(),
        cause,
    };
    let password = match &redis.password {
        Some(file) => Some(file.read().map_err(|cause| refused(cause.to_string()))?),
        None => None,
    };
    let tls = match &redis.tls {
        Some(tls) => Some(client(tls, clock).map_err(refused)?),
        None => None,
    };
    Ok(RedisSettings {
        address: redis.address.clone(),
        tls,
        username: redis.username.clone(),
        password,
        timeout_ms_max: redis.timeout_ms_max,
    })
}

fn client(tls: &RedisTls, clock: &Arc<dyn Clock>) -> Result<redis::RedisTls, String> {
    let roots = Roots::load(&tls.roots).map_err(|cause| cause.to_string())?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let time = Arc::new(TlsTime(Arc::clone(clock)));
    let builder = ClientConfig::builder_with_details(provider, time)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|cause| cause.to_string())?
        .with_root_certificates(roots.store());
    let config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = CertificateDer::pem_file_iter(certificate)
                .and_then(Iterator::collect)
                .map_err(|cause| unreadable(certificate, &cause))?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|cause| unreadable(key, &cause))?;
            let shown = builder.with_client_auth_cert(chain, key);
            shown.map_err(|cause| cause.to_string())?
        }
    };
    let name = ServerName::try_from(tls.name.clone()).map_err(|cause| cause.to_string())?;
    Ok(redis::RedisTls {
        config: Arc::new(config),
        name,
    })
}

fn unreadable(file: &Path, cause: &pem::Error) -> String {
    format!("`{}` cannot be read as PEM: {cause}", file.display())
}

/// How often the runtime's lag is measured.
const LAG_PAUSE: Duration = Duration::from_millis(50);

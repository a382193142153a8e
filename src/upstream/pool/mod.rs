//! The endpoints of one upstream: which is asked, on which connection, and what when it fails.
//!
//! Of two endpoints taken by chance the one with less to do is asked (power of two choices). Who
//! fails again and again is out for a while and comes back little by little; who does not answer
//! probes is not asked. A request of which nothing was sent is sent once more, elsewhere; nothing
//! is ever sent twice.

mod balance;
mod connection;
mod endpoint;
mod head;
mod health;
mod settings;
mod tls;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::ext::on_informational;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::clock::{Clock, Monotonic};
use crate::upstream::upload::Upload;
use crate::wire::body::Body;

use balance::Counted;
use connection::{Connection, Dial, Failure, Http2, Idle};
use endpoint::{Outcome, Standing};
use tls::ClientTls;

pub(super) use connection::Lease;
pub use endpoint::{Endpoint, EndpointError};
pub use settings::{EjectionSettings, HealthSettings, PoolSettings, Protocol};
pub use tls::{PeerName, UpstreamTls, UpstreamTlsError};

/// The endpoints of one upstream. Dropping it ends probes and connections.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    _probes: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    targets: Vec<Target>,
    settings: PoolSettings,
    clock: Arc<dyn Clock>,
    /// Where the choice between endpoints comes from.
    choices: AtomicU64,
    pending: AtomicUsize,
    retries: AtomicUsize,
}

/// One endpoint with what is kept for it.
#[derive(Debug)]
struct Target {
    dial: Dial,
    standing: Standing,
    idle: Idle,
    /// The connection that requests of HTTP/2 share; held while a new one is made.
    shared: tokio::sync::Mutex<Option<Arc<Http2>>>,
    places: Arc<Semaphore>,
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error("connecting to `{endpoint}`: {cause}")]
    Connect {
        endpoint: String,
        cause: std::io::Error,
    },
    #[error("connecting to `{endpoint}` took more than {ms} ms")]
    ConnectTimeout { endpoint: String, ms: u32 },
    #[error("speaking to `{endpoint}`: {cause}")]
    Exchange {
        endpoint: String,
        cause: hyper::Error,
    },
    #[error("`{endpoint}` sent more than {INTERIM_MAX} interim responses before its answer")]
    Interim { endpoint: String },
    #[error("none of its endpoints is healthy")]
    NoEndpoint,
    #[error("{pending_max} requests wait for a connection already")]
    Busy { pending_max: usize },
    #[error("no answer began in time")]
    Timeout,
}

impl Pool {
    /// A pool over these endpoints, of which there is at least one. Needs a runtime where
    /// endpoints are probed.
    ///
    /// # Errors
    /// When what TLS needs cannot be read.
    pub fn new(
        endpoints: Vec<Endpoint>,
        settings: PoolSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, UpstreamTlsError> {
        let targets = endpoints
            .into_iter()
            .map(|endpoint| Target::new(endpoint, &settings, &clock))
            .collect::<Result<Vec<_>, _>>()?;
        let health = settings.health.clone();
        let shared = Arc::new(Shared {
            targets,
            settings,
            clock,
            choices: AtomicU64::new(0),
            pending: AtomicUsize::new(0),
            retries: AtomicUsize::new(0),
        });
        let mut probes = JoinSet::new();
        for (at, health) in (0..shared.targets.len()).zip(std::iter::repeat(health)) {
            if let Some(health) = health {
                probes.spawn(health::watch(Arc::clone(&shared), at, health));
            }
        }
        Ok(Self {
            shared,
            _probes: probes,
        })
    }

    /// Whether it is of these endpoints and settings. One with TLS never is: its files may have
    /// changed under their names.
    pub(super) fn is_of(&self, endpoints: &[Endpoint], settings: &PoolSettings) -> bool {
        let own = self.shared.targets.iter().map(|t| &t.dial.endpoint);
        settings.tls.is_none() && self.shared.settings == *settings && own.eq(endpoints)
    }

    pub(super) fn idle_ms_max(&self) -> u32 {
        self.shared.settings.idle_ms_max
    }

    /// Sends one request, and waits for its answer to begin: so long, counted from the last piece of
    /// a body that is sent as it comes.
    pub(super) async fn send(
        &self,
        mut request: Request<Body>,
        within: Duration,
        upload: &Upload,
    ) -> Result<(Response<Incoming>, Lease), SendError> {
        let interim = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&interim);
        on_informational(&mut request, move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        // Who is being asked, also where the time is over before they answered.
        let asked = AtomicUsize::new(usize::MAX);
        let sent = std::pin::pin!(self.shared.send(request, &asked));
        let sent = upload.within(within, sent).await;
        let at = asked.load(Ordering::Relaxed);
        let Some(sent) = sent else {
            self.shared.note(at, Outcome::Failed);
            return Err(SendError::Timeout);
        };
        if sent.is_ok() && interim.load(Ordering::Relaxed) > INTERIM_MAX {
            self.shared.note(at, Outcome::Failed);
            let endpoint = self.shared.targets.get(at);
            let endpoint = endpoint.map_or("", |target| target.dial.endpoint.as_str());
            return Err(SendError::Interim {
                endpoint: endpoint.to_owned(),
            });
        }
        sent
    }
}

impl Target {
    fn new(
        endpoint: Endpoint,
        settings: &PoolSettings,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, UpstreamTlsError> {
        let tls = settings.tls.as_ref();
        let tls = tls.map(|tls| ClientTls::load(tls, &endpoint, settings.protocol, clock));
        let kept_max = Duration::from_secs(u64::from(settings.kept_seconds_max));
        Ok(Self {
            dial: Dial {
                endpoint,
                protocol: settings.protocol,
                tls: tls.transpose()?,
                connect_ms_max: settings.connect_ms_max,
            },
            standing: Standing::default(),
            idle: Idle::new(settings.idle_connections_max, kept_max),
            shared: tokio::sync::Mutex::default(),
            places: Arc::new(Semaphore::new(settings.connections_max)),
        })
    }
}

impl Shared {
    /// Sends to one endpoint, and if nothing of the request was sent, to another.
    async fn send(
        &self,
        request: Request<Body>,
        asked: &AtomicUsize,
    ) -> Result<(Response<Incoming>, Lease), SendError> {
        let first = self.choose(None).ok_or(SendError::NoEndpoint)?;
        asked.store(first, Ordering::Relaxed);
        let failure = match self.ask(first, request).await {
            Ok(answered) => return Ok(answered),
            Err(failure) => failure,
        };
        let (Some(request), Some(second)) = (failure.unsent, self.choose(Some(first))) else {
            return Err(failure.cause);
        };
        let Some(_retry) = Counted::below(&self.retries, self.settings.retries_max) else {
            return Err(failure.cause);
        };
        asked.store(second, Ordering::Relaxed);
        let again = self.ask(second, request).await;
        again.map_err(|failure| failure.cause)
    }

    /// Sends to this endpoint, and notes how it went.
    async fn ask(
        &self,
        at: usize,
        request: Request<Body>,
    ) -> Result<(Response<Incoming>, Lease), Failure> {
        let Some(target) = self.targets.get(at) else {
            return Err(unsent(SendError::NoEndpoint, request));
        };
        let place = match self.place(target).await {
            Ok(place) => place,
            Err(cause) => return Err(unsent(cause, request)),
        };
        let under_way = target.standing.begin();
        let answered = self.exchange(target, request).await;
        self.note(at, outcome(&answered));
        answered.map(|(answer, connection)| {
            let lease = Lease::new(connection, target.idle.clone(), under_way, place);
            (answer, lease)
        })
    }

    /// On a kept connection, else on a new one. A kept one that turns out to be closed before
    /// anything was sent on it is passed over.
    async fn exchange(
        &self,
        target: &Target,
        request: Request<Body>,
    ) -> Result<(Response<Incoming>, Connection), Failure> {
        let mut request = target.dial.addressed(request);
        let now = self.clock.monotonic();
        loop {
            let kept = target.kept(now, self.settings.kept_seconds_max).await;
            let is_new = kept.is_none();
            let mut connection = match kept {
                Some(connection) => connection,
                None => match target.connect(now).await {
                    Ok(connection) => connection,
                    Err(cause) => return Err(unsent(cause, Dial::unaddressed(request))),
                },
            };
            if !is_new && !connection.is_ready().await {
                target.forget(&connection).await;
                continue;
            }
            match target.dial.exchange(&mut connection, request).await {
                Ok(answer) => return Ok((answer, connection)),
                Err(Failure {
                    unsent: Some(unsent),
                    cause,
                }) => {
                    target.forget(&connection).await;
                    if is_new {
                        return Err(Failure {
                            unsent: Some(Dial::unaddressed(unsent)),
                            cause,
                        });
                    }
                    request = unsent;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// A place at the endpoint; waits for one with a bounded number of others.
    async fn place(&self, target: &Target) -> Result<OwnedSemaphorePermit, SendError> {
        if let Ok(place) = Arc::clone(&target.places).try_acquire_owned() {
            return Ok(place);
        }
        let pending_max = self.settings.pending_max;
        let busy = SendError::Busy { pending_max };
        let Some(_waiting) = Counted::below(&self.pending, pending_max) else {
            return Err(busy);
        };
        let place = Arc::clone(&target.places).acquire_owned().await;
        place.map_err(|_| busy)
    }
}

impl Target {
    async fn kept(&self, now: Monotonic, kept_seconds_max: u32) -> Option<Connection> {
        match self.dial.protocol {
            Protocol::Http1 => self.idle.take(now).map(Connection::Http1),
            Protocol::Http2 => {
                let kept_max = Duration::from_secs(u64::from(kept_seconds_max));
                let shared = self.shared.lock().await;
                let open = shared.as_ref().filter(|kept| kept.is_open(now, kept_max));
                open.map(|kept| Connection::Http2(Arc::clone(kept)))
            }
        }
    }

    async fn connect(&self, now: Monotonic) -> Result<Connection, SendError> {
        if self.dial.protocol == Protocol::Http1 {
            return self.dial.connect(now).await;
        }
        let mut shared = self.shared.lock().await;
        // Someone else may have made it meanwhile.
        if let Some(made) = shared.as_ref().filter(|kept| kept.is_since(now)) {
            return Ok(Connection::Http2(Arc::clone(made)));
        }
        let connection = self.dial.connect(now).await?;
        if let Connection::Http2(made) = &connection {
            *shared = Some(Arc::clone(made));
        }
        Ok(connection)
    }

    /// A shared connection that takes no more requests is not kept.
    async fn forget(&self, connection: &Connection) {
        let Connection::Http2(closed) = connection else {
            return;
        };
        let mut shared = self.shared.lock().await;
        if shared
            .as_ref()
            .is_some_and(|kept| Arc::ptr_eq(kept, closed))
        {
            *shared = None;
        }
    }
}

const fn unsent(cause: SendError, request: Request<Body>) -> Failure {
    Failure {
        cause,
        unsent: Some(request),
    }
}

/// What an answer, or none, says of the endpoint: it failed also when something that stands before
/// it says so for it (RFC 9110 §15.6).
fn outcome(answered: &Result<(Response<Incoming>, Connection), Failure>) -> Outcome {
    let gone = [
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    match answered {
        Ok((answer, _)) if !gone.contains(&answer.status()) => Outcome::Well,
        Ok(_) | Err(_) => Outcome::Failed,
    }
}

/// Most interim responses (RFC 9110 §15.2) before an answer. How long they may come is bounded by
/// the operation's own time.
const INTERIM_MAX: u32 = 8;

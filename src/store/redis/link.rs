//! The one connection to a Redis: made, watched, made again.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use crate::clock::{Clock, Monotonic};
use crate::store::redis::wire::{Answer, Stream, Wire, WireError, drive};
use crate::telemetry::meters;

/// Where a Redis is and how it is spoken to.
#[derive(Clone)]
pub struct RedisSettings {
    /// `host:port`; looked up anew for each connection.
    pub address: String,
    pub tls: Option<RedisTls>,
    pub username: Option<String>,
    pub password: Option<Zeroizing<String>>,
    /// The longest that a request waits for an answer.
    pub timeout_ms_max: u32,
}

/// Whom to trust to be it.
#[derive(Clone)]
pub struct RedisTls {
    pub config: Arc<ClientConfig>,
    pub name: ServerName<'static>,
}

/// The connection while there is one.
pub(super) struct Link {
    settings: RedisSettings,
    clock: Arc<dyn Clock>,
    /// What the server is asked to run.
    script: &'static str,
    linked: ArcSwapOption<Linked>,
    /// Whether someone was told that there is none.
    is_told: AtomicBool,
    late: AtomicU32,
}

/// One connection, and what the server's clock said when it was made.
pub(super) struct Linked {
    pub(super) wire: Wire,
    /// The name by which the server knows the script.
    pub(super) script: String,
    server_micros: u64,
    since: Monotonic,
    over: Notify,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum LinkError {
    #[error("no connection: {0}")]
    Connect(#[from] std::io::Error),
    #[error(transparent)]
    Server(#[from] WireError),
    #[error("no answer in {CONNECT_MS_MAX} ms")]
    Late,
}

impl Link {
    pub(super) fn new(
        settings: RedisSettings,
        clock: Arc<dyn Clock>,
        script: &'static str,
    ) -> Self {
        Self {
            settings,
            clock,
            script,
            linked: ArcSwapOption::empty(),
            is_told: AtomicBool::new(false),
            late: AtomicU32::new(0),
        }
    }

    pub(super) fn current(&self) -> Option<Arc<Linked>> {
        self.linked.load_full()
    }

    pub(super) fn is_up(&self) -> bool {
        self.linked.load().is_some()
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(u64::from(self.settings.timeout_ms_max))
    }

    pub(super) const fn timeout_ms_max(&self) -> u32 {
        self.settings.timeout_ms_max
    }

    /// The time for all processes, in microseconds.
    pub(super) fn micros(&self, linked: &Linked) -> u64 {
        let passed = self.clock.monotonic().since(linked.since).as_micros();
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        linked.server_micros.saturating_add(passed)
    }

    pub(super) fn answered(&self) {
        self.late.store(0, Ordering::Relaxed);
    }

    /// One answer that did not come in time. After a few nobody waits any more.
    pub(super) fn late(&self, linked: &Linked) {
        if self.late.fetch_add(1, Ordering::Relaxed) + 1 >= LATE_MAX {
            let why = format!("{LATE_MAX} answers in a row were late");
            self.broken(linked, &why);
        }
    }

    /// The connection is no good any more: from now on nobody uses it.
    pub(super) fn broken(&self, linked: &Linked, why: &str) {
        let current = self.linked.load_full();
        if current.is_some_and(|current| std::ptr::eq(&raw const *current, linked)) {
            self.linked.store(None);
            self.tell_lost(why);
        }
        linked.over.notify_one();
    }

    /// Connects and keeps connected. A connection counts once `probed` is content with it.
    pub(super) async fn keep<F>(&self, probed: impl Fn(Arc<Linked>) -> F)
    where
        F: Future<Output = Result<(), WireError>>,
    {
        meters::limits_shared(false);
        loop {
            match self.connect().await {
                Ok((linked, driver)) => self.hold(linked, driver, &probed).await,
                Err(cause) => self.tell_lost(&cause.to_string()),
            }
            tokio::time::sleep(RECONNECT_PAUSE).await;
        }
    }

    /// Drives one connection to its end.
    async fn hold<F>(
        &self,
        linked: Linked,
        driver: impl Future<Output = Result<(), std::io::Error>>,
        probed: &impl Fn(Arc<Linked>) -> F,
    ) where
        F: Future<Output = Result<(), WireError>>,
    {
        let linked = Arc::new(linked);
        let probing = async {
            match tokio::time::timeout(CONNECT_MAX, probed(Arc::clone(&linked))).await {
                Ok(Ok(())) => {
                    self.late.store(0, Ordering::Relaxed);
                    self.linked.store(Some(Arc::clone(&linked)));
                    self.tell_back();
                    linked.over.notified().await;
                }
                Ok(Err(cause)) => self.tell_lost(&LinkError::Server(cause).to_string()),
                Err(_) => self.tell_lost(&LinkError::Late.to_string()),
            }
        };
        tokio::select! {
            ended = driver => {
                let why = ended.err().map(|cause| cause.to_string());
                self.tell_lost(why.as_deref().unwrap_or("the connection was closed"));
            }
            () = probing => {}
        }
        self.linked.store(None);
    }

    async fn connect(
        &self,
    ) -> Result<
        (
            Linked,
            impl Future<Output = Result<(), std::io::Error>> + use<>,
        ),
        LinkError,
    > {
        let connecting = async {
            let stream = self.stream().await?;
            let (wire, asked) = Wire::new();
            let mut driver = Box::pin(drive(stream, asked));
            let linked = tokio::select! {
                linked = self.introduced(wire) => linked?,
                ended = driver.as_mut() => return Err(ended.err().unwrap_or_else(closed).into()),
            };
            Ok((linked, driver))
        };
        let connected = tokio::time::timeout(CONNECT_MAX, connecting).await;
        connected.unwrap_or(Err(LinkError::Late))
    }

    /// Says who asks, gives the server its script, and asks for the time.
    async fn introduced(&self, wire: Wire) -> Result<Linked, WireError> {
        match (&self.settings.username, &self.settings.password) {
            (Some(username), Some(password)) => {
                wire.ask(&["AUTH", username, password]).await?;
            }
            (None, Some(password)) => {
                wire.ask(&["AUTH", password]).await?;
            }
            (Some(_) | None, None) => {}
        }
        let Answer::Text(script) = wire.ask(&["SCRIPT", "LOAD", self.script]).await? else {
            return Err(WireError::Unexpected);
        };
        let Answer::List(time) = wire.ask(&["TIME"]).await? else {
            return Err(WireError::Unexpected);
        };
        let [Answer::Text(seconds), Answer::Text(micros)] = &time[..] else {
            return Err(WireError::Unexpected);
        };
        let number = |text: &str| text.parse::<u64>().map_err(|_| WireError::Unexpected);
        let seconds = number(seconds)?.saturating_mul(1_000_000);
        Ok(Linked {
            wire,
            script,
            server_micros: seconds.saturating_add(number(micros)?),
            since: self.clock.monotonic(),
            over: Notify::new(),
        })
    }

    async fn stream(&self) -> Result<Box<dyn Stream>, std::io::Error> {
        let stream = TcpStream::connect(&self.settings.address).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = &self.settings.tls else {
            return Ok(Box::new(stream));
        };
        let connector = TlsConnector::from(Arc::clone(&tls.config));
        let stream = connector.connect(tls.name.clone(), stream).await?;
        Ok(Box::new(stream))
    }

    /// Once for each time that it is lost.
    fn tell_lost(&self, why: &str) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            meters::limits_shared(false);
            tracing::warn!(
                target: "muhrdor::limits", why,
                "limits are not shared: this process keeps to its own part of them"
            );
        }
    }

    fn tell_back(&self) {
        self.is_told.store(false, Ordering::Relaxed);
        meters::limits_shared(true);
        tracing::info!(target: "muhrdor::limits", "limits are shared");
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({}, up: {})", self.settings.address, self.is_up())
    }
}

impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings")
            .field("address", &self.address)
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RedisTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisTls({:?})", self.name)
    }
}

fn closed() -> std::io::Error {
    std::io::Error::from(std::io::ErrorKind::ConnectionAborted)
}

/// For a connection with its first answers.
const CONNECT_MS_MAX: u64 = 1_000;
const CONNECT_MAX: Duration = Duration::from_millis(CONNECT_MS_MAX);
/// Between two tries.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);
/// Late answers in a row after which the connection counts as lost.
const LATE_MAX: u32 = 3;

//! The one connection to a Redis: made, watched, made again.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, RedisConnectionInfo, RedisError};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use crate::clock::{Clock, Monotonic};
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
    who: RedisConnectionInfo,
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
    connection: MultiplexedConnection,
    /// The name by which the server knows the script.
    pub(super) script: String,
    server_micros: u64,
    since: Monotonic,
    over: Notify,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("no connection: {0}")]
    Connect(#[from] std::io::Error),
    #[error("the server does not accept the user name and password")]
    Password,
    #[error("the server asks for a password, and none is set")]
    NoPassword,
    #[error("the server refused: {code} {detail}")]
    Refused { code: String, detail: String },
    #[error("the connection was closed")]
    Closed,
    #[error("{0}")]
    Broken(RedisError),
    #[error("no answer in {CONNECT_MS_MAX} ms")]
    Late,
}

impl From<RedisError> for LinkError {
    fn from(cause: RedisError) -> Self {
        if cause.kind() == ErrorKind::AuthenticationFailed {
            return Self::Password;
        }
        match cause.code() {
            Some("NOAUTH") => Self::NoPassword,
            Some(code) => Self::Refused {
                code: code.to_owned(),
                detail: cause.detail().unwrap_or_default().to_owned(),
            },
            // The crate's word for a connection of which nothing came any more.
            None if cause.is_connection_dropped() => Self::Closed,
            None => Self::Broken(cause),
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Linked {
    /// One more user of the connection; all their questions go out without waiting for answers.
    pub(super) fn connection(&self) -> MultiplexedConnection {
        self.connection.clone()
    }
}

impl Link {
    pub(super) fn new(
        settings: RedisSettings,
        clock: Arc<dyn Clock>,
        script: &'static str,
    ) -> Self {
        Self {
            who: who(&settings),
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
        F: Future<Output = Result<(), RedisError>>,
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
        driver: impl Future<Output = ()>,
        probed: &impl Fn(Arc<Linked>) -> F,
    ) where
        F: Future<Output = Result<(), RedisError>>,
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
                Ok(Err(cause)) => self.tell_lost(&LinkError::from(cause).to_string()),
                Err(_) => self.tell_lost(&LinkError::Late.to_string()),
            }
        };
        tokio::select! {
            () = driver => self.tell_lost(&LinkError::Closed.to_string()),
            () = probing => {}
        }
        self.linked.store(None);
    }

    async fn connect(&self) -> Result<(Linked, impl Future<Output = ()> + use<'_>), LinkError> {
        let connecting = async {
            let stream = self.stream().await?;
            // The bounds of time are this room's: they hold for waiting and asking together.
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(None)
                .set_response_timeout(None)
                .set_pipeline_buffer_size(QUESTIONS_MAX);
            let (connection, driver) =
                MultiplexedConnection::new_with_config(&self.who, stream, config).await?;
            let mut driver = Box::pin(driver);
            let mut introduced = pin!(self.introduced(connection));
            let linked = tokio::select! {
                linked = introduced.as_mut() => linked?,
                // Every question has its answer now, and one of them says why.
                () = driver.as_mut() => {
                    return Err(introduced.await.err().unwrap_or(LinkError::Closed));
                }
            };
            Ok((linked, driver))
        };
        let connected = tokio::time::timeout(CONNECT_MAX, connecting).await;
        connected.unwrap_or(Err(LinkError::Late))
    }

    /// Gives the server its script, and asks for the time.
    async fn introduced(&self, mut connection: MultiplexedConnection) -> Result<Linked, LinkError> {
        let mut load = redis::cmd("SCRIPT");
        load.arg("LOAD").arg(self.script);
        let script = load.query_async(&mut connection).await?;
        let time = redis::cmd("TIME").query_async(&mut connection).await?;
        let (seconds, micros): (u64, u64) = time;
        Ok(Linked {
            connection,
            script,
            server_micros: seconds.saturating_mul(1_000_000).saturating_add(micros),
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

/// Who asks.
fn who(settings: &RedisSettings) -> RedisConnectionInfo {
    let mut who = RedisConnectionInfo::default().set_skip_set_lib_name();
    if let Some(username) = &settings.username {
        who = who.set_username(username);
    }
    match &settings.password {
        Some(password) => who.set_password(password.as_str()),
        None => who,
    }
}

/// For a connection with its first answers.
const CONNECT_MS_MAX: u64 = 1_000;
const CONNECT_MAX: Duration = Duration::from_millis(CONNECT_MS_MAX);
/// Between two tries.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);
/// Late answers in a row after which the connection counts as lost.
const LATE_MAX: u32 = 3;
/// Questions that may wait to be written at once.
const QUESTIONS_MAX: usize = 1_024;

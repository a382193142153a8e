//! Kept-alive connections to one upstream.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::ext::on_informational;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::upstream::head::{HeadAwaited, StrictHeads};
use crate::wire::body::Body;

/// Largest response head read from an upstream, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most header fields read from an upstream.
const HEADERS_MAX: usize = 100;
/// Most interim responses (RFC 9110 §15.2) before an answer. How long they may come is bounded by
/// the operation's own time.
const INTERIM_MAX: u32 = 8;

/// Where an upstream listens, `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(String);

/// Text that is no `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not `host:port`")]
pub struct EndpointError(String);

impl Endpoint {
    /// Reads `host:port`; an IPv6 address stands in brackets.
    ///
    /// # Errors
    /// [`EndpointError`] when there is no port or no host.
    pub fn parse(given: &str) -> Result<Self, EndpointError> {
        let error = || EndpointError(given.to_owned());
        let (host, port) = given.rsplit_once(':').ok_or_else(error)?;
        let bracketed = host.starts_with('[') && host.ends_with(']');
        if host.is_empty() || (host.contains(':') && !bracketed) || port.parse::<u16>().is_err() {
            return Err(error());
        }
        Ok(Self(given.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Bounds of one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSettings {
    pub idle_connections_max: usize,
    pub connect_ms_max: u32,
    /// Longest silence between two frames of an answer.
    pub idle_ms_max: u32,
}

/// Kept-alive connections to one upstream.
#[derive(Debug)]
pub struct Pool {
    endpoint: Endpoint,
    settings: PoolSettings,
    idle: Idle,
}

/// One connection with the task that drives it; dropping it ends both.
#[derive(Debug)]
struct Connection {
    sender: SendRequest<Body>,
    head: HeadAwaited,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Connections that wait for their next request, the last used on top.
#[derive(Debug, Clone)]
struct Idle {
    connections: Arc<Mutex<Vec<Connection>>>,
    connections_max: usize,
}

/// Gives a connection back once its answer was read to the end; until then holds it, so that
/// dropping the answer closes it.
#[derive(Debug)]
pub(super) struct Lease {
    connection: Option<Connection>,
    idle: Idle,
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
}

impl Pool {
    #[must_use]
    pub fn new(endpoint: Endpoint, settings: PoolSettings) -> Self {
        let idle = Idle {
            connections: Arc::new(Mutex::new(Vec::new())),
            connections_max: settings.idle_connections_max,
        };
        Self {
            endpoint,
            settings,
            idle,
        }
    }

    pub(super) const fn idle_ms_max(&self) -> u32 {
        self.settings.idle_ms_max
    }

    /// Sends one request. A kept connection that turns out to be closed before anything was sent on
    /// it is passed over; nothing is ever sent twice.
    pub(super) async fn send(
        &self,
        mut request: Request<Body>,
    ) -> Result<(Response<Incoming>, Lease), SendError> {
        let interim = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&interim);
        on_informational(&mut request, move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let (response, lease) = self.exchange(request).await?;
        if interim.load(Ordering::Relaxed) > INTERIM_MAX {
            let endpoint = self.endpoint.0.clone();
            return Err(SendError::Interim { endpoint });
        }
        Ok((response, lease))
    }

    async fn exchange(
        &self,
        mut request: Request<Body>,
    ) -> Result<(Response<Incoming>, Lease), SendError> {
        while let Some(mut connection) = self.idle.take() {
            if connection.sender.ready().await.is_err() {
                continue;
            }
            connection.head.begin();
            match connection.sender.try_send_request(request).await {
                Ok(response) => return Ok((response, self.lease(connection))),
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(self.exchange_error(failed.into_error())),
                },
            }
        }
        let mut connection = self.connect().await?;
        connection.head.begin();
        match connection.sender.send_request(request).await {
            Ok(response) => Ok((response, self.lease(connection))),
            Err(cause) => Err(self.exchange_error(cause)),
        }
    }

    fn lease(&self, connection: Connection) -> Lease {
        Lease {
            connection: Some(connection),
            idle: self.idle.clone(),
        }
    }

    async fn connect(&self) -> Result<Connection, SendError> {
        let endpoint = || self.endpoint.0.clone();
        let ms = self.settings.connect_ms_max;
        let connecting = TcpStream::connect(&self.endpoint.0);
        let stream = tokio::time::timeout(Duration::from_millis(u64::from(ms)), connecting)
            .await
            .map_err(|_| SendError::ConnectTimeout {
                endpoint: endpoint(),
                ms,
            })?
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .map_err(|cause| SendError::Connect {
                endpoint: endpoint(),
                cause,
            })?;
        let head = HeadAwaited::default();
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .handshake(TokioIo::new(StrictHeads::new(stream, head.clone())))
            .await
            .map_err(|cause| self.exchange_error(cause))?;
        // The exchange's own error tells what went wrong; the driver's says the same again.
        let driver = tokio::spawn(async move { connection.await.unwrap_or(()) });
        Ok(Connection {
            sender,
            head,
            driver,
        })
    }

    fn exchange_error(&self, cause: hyper::Error) -> SendError {
        SendError::Exchange {
            endpoint: self.endpoint.0.clone(),
            cause,
        }
    }
}

impl Idle {
    fn take(&self) -> Option<Connection> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    fn give_back(&self, connection: Connection) {
        let mut connections = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if connections.len() < self.connections_max && !connection.sender.is_closed() {
            connections.push(connection);
        }
    }
}

impl Lease {
    /// The answer was read to its end: the connection may serve again.
    pub(super) fn give_back(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.idle.give_back(connection);
        }
    }
}

//! Connections to an endpoint: made, kept for the next request, given back.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{HOST, HeaderValue};
use http::uri::{Authority, Parts, Scheme};
use http::{Request, Response, Uri, Version};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use crate::clock::Monotonic;
use crate::upstream::pool::endpoint::{Endpoint, UnderWay};
use crate::upstream::pool::head::{HeadAwaited, StrictHeads};
use crate::upstream::pool::tls::ClientTls;
use crate::upstream::pool::{Protocol, SendError};
use crate::wire::body::Body;
use crate::wire::tasks::OwnedTasks;

/// How connections to one endpoint are made.
#[derive(Debug)]
pub(super) struct Dial {
    pub(super) endpoint: Endpoint,
    pub(super) protocol: Protocol,
    pub(super) tls: Option<ClientTls>,
    pub(super) connect_ms_max: u32,
}

/// What requests are sent on.
#[derive(Debug)]
pub(super) enum Connection {
    Http1(Http1),
    Http2(Arc<Http2>),
}

/// One request at a time. Dropping it ends the task that drives it.
pub(super) struct Http1 {
    sender: http1::SendRequest<Body>,
    head: HeadAwaited,
    driver: JoinHandle<()>,
    made_at: Monotonic,
}

/// Many requests at a time. The last to hold it ends it.
pub(super) struct Http2 {
    sender: http2::SendRequest<Body>,
    driver: JoinHandle<()>,
    made_at: Monotonic,
}

/// A request that was not answered; with the request, where not a byte of it was sent.
pub(super) struct Failure {
    pub(super) cause: SendError,
    pub(super) unsent: Option<Request<Body>>,
}

/// Connections that wait for their next request, the last used on top.
#[derive(Debug, Clone)]
pub(super) struct Idle {
    connections: Arc<Mutex<Vec<Http1>>>,
    connections_max: usize,
    kept_max: Duration,
}

/// Gives a connection back once its answer was read to the end; until then holds it, and the
/// request's place, so that dropping the answer ends it.
#[derive(Debug)]
pub(in crate::upstream) struct Lease {
    connection: Option<Connection>,
    idle: Idle,
    _under_way: UnderWay,
    _place: OwnedSemaphorePermit,
}

impl Dial {
    /// A new connection, ready for requests.
    pub(super) async fn connect(&self, now: Monotonic) -> Result<Connection, SendError> {
        let ms = self.connect_ms_max;
        let connecting = self.connected(now);
        let within = Duration::from_millis(u64::from(ms));
        match tokio::time::timeout(within, connecting).await {
            Ok(connected) => connected,
            Err(_) => Err(SendError::ConnectTimeout {
                endpoint: self.endpoint.as_str().to_owned(),
                ms,
            }),
        }
    }

    async fn connected(&self, now: Monotonic) -> Result<Connection, SendError> {
        let failed = |cause| SendError::Connect {
            endpoint: self.endpoint.as_str().to_owned(),
            cause,
        };
        let stream = TcpStream::connect(self.endpoint.as_str())
            .await
            .map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let Some(tls) = &self.tls else {
            return self.spoken_to(stream, now).await;
        };
        let connector = TlsConnector::from(Arc::clone(&tls.config));
        let stream = connector.connect(tls.server_name.clone(), stream).await;
        self.spoken_to(stream.map_err(failed)?, now).await
    }

    async fn spoken_to<S>(&self, stream: S, made_at: Monotonic) -> Result<Connection, SendError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match self.protocol {
            Protocol::Http1 => {
                let head = HeadAwaited::default();
                let (sender, connection) = http1::Builder::new()
                    .max_buf_size(HEAD_BYTES_MAX)
                    .max_headers(HEADERS_MAX)
                    .handshake(TokioIo::new(StrictHeads::new(stream, head.clone())))
                    .await
                    .map_err(|cause| self.exchange_error(cause))?;
                // The exchange's own error tells what went wrong; the driver's says the same again.
                let connection = connection.with_upgrades();
                let driver = tokio::spawn(async move { connection.await.unwrap_or(()) });
                Ok(Connection::Http1(Http1 {
                    sender,
                    head,
                    driver,
                    made_at,
                }))
            }
            Protocol::Http2 => {
                let (sender, connection) = http2::Builder::new(OwnedTasks::default())
                    .timer(TokioTimer::new())
                    .max_header_list_size(HEAD_LIST_BYTES_MAX)
                    .keep_alive_interval(PING_EVERY)
                    .keep_alive_timeout(PING_ANSWER_MAX)
                    .handshake(TokioIo::new(stream))
                    .await
                    .map_err(|cause| self.exchange_error(cause))?;
                let driver = tokio::spawn(async move { connection.await.unwrap_or(()) });
                Ok(Connection::Http2(Arc::new(Http2 {
                    sender,
                    driver,
                    made_at,
                })))
            }
        }
    }

    /// A request as this protocol writes it.
    pub(super) fn addressed(&self, mut request: Request<Body>) -> Request<Body> {
        if self.protocol == Protocol::Http1 {
            return request;
        }
        let host = request.headers_mut().remove(HOST);
        let mut parts = Parts::default();
        parts.scheme = Some(match self.tls {
            Some(_) => Scheme::HTTPS,
            None => Scheme::HTTP,
        });
        parts.authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
        parts.path_and_query = request.uri().path_and_query().cloned();
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
        *request.version_mut() = Version::HTTP_2;
        request
    }

    /// The same request as the other protocol writes it, for another connection.
    pub(super) fn unaddressed(mut request: Request<Body>) -> Request<Body> {
        let Some(authority) = request.uri().authority().cloned() else {
            return request;
        };
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        if let (Ok(host), Ok(uri)) = (
            HeaderValue::from_str(authority.as_str()),
            Uri::try_from(path),
        ) {
            request.headers_mut().insert(HOST, host);
            *request.uri_mut() = uri;
        }
        *request.version_mut() = Version::HTTP_11;
        request
    }

    fn exchange_error(&self, cause: hyper::Error) -> SendError {
        SendError::Exchange {
            endpoint: self.endpoint.as_str().to_owned(),
            cause,
        }
    }

    /// Sends one request on a connection.
    pub(super) async fn exchange(
        &self,
        connection: &mut Connection,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, Failure> {
        let sent = match connection {
            Connection::Http1(kept) => {
                kept.head.begin();
                kept.sender.try_send_request(request).await
            }
            Connection::Http2(shared) => {
                let mut sender = shared.sender.clone();
                sender.try_send_request(request).await
            }
        };
        sent.map_err(|mut failed: TrySendError<Request<Body>>| Failure {
            unsent: failed.take_message(),
            cause: self.exchange_error(failed.into_error()),
        })
    }
}

impl Connection {
    /// Whether another request can be sent on it.
    pub(super) async fn is_ready(&mut self) -> bool {
        match self {
            Self::Http1(kept) => kept.sender.ready().await.is_ok(),
            Self::Http2(shared) => !shared.sender.is_closed(),
        }
    }
}

impl Http2 {
    /// Whether it was made at or after this moment, and is open.
    pub(super) fn is_since(&self, moment: Monotonic) -> bool {
        !self.sender.is_closed() && self.made_at >= moment
    }

    /// Whether it still takes requests: open, and not older than that.
    pub(super) fn is_open(&self, now: Monotonic, kept_max: Duration) -> bool {
        !self.sender.is_closed() && now.since(self.made_at) < kept_max
    }
}

impl Drop for Http1 {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl fmt::Debug for Http1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http1")
    }
}

impl fmt::Debug for Http2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http2")
    }
}

impl Idle {
    pub(super) fn new(connections_max: usize, kept_max: Duration) -> Self {
        Self {
            connections: Arc::default(),
            connections_max,
            kept_max,
        }
    }

    /// The one that was used last, not older than connections are kept: names may lead elsewhere
    /// by then.
    pub(super) fn take(&self, now: Monotonic) -> Option<Http1> {
        let mut connections = self.lock();
        connections.retain(|kept| now.since(kept.made_at) < self.kept_max);
        connections.pop()
    }

    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    fn give_back(&self, connection: Http1) {
        let mut connections = self.lock();
        if connections.len() < self.connections_max && !connection.sender.is_closed() {
            connections.push(connection);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Http1>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    pub(super) const fn new(
        connection: Connection,
        idle: Idle,
        under_way: UnderWay,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            connection: Some(connection),
            idle,
            _under_way: under_way,
            _place: place,
        }
    }

    /// The answer was read to its end: the connection may serve again.
    pub(in crate::upstream) fn give_back(&mut self) {
        match self.connection.take() {
            Some(Connection::Http1(kept)) => self.idle.give_back(kept),
            Some(Connection::Http2(_)) | None => {}
        }
    }
}

/// Largest response head read from an upstream, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// The same for HTTP/2, decoded, with 32 bytes for each field (RFC 9113 §6.5.2).
const HEAD_LIST_BYTES_MAX: u32 = 64 * 1024;
/// Most header fields read from an upstream.
const HEADERS_MAX: usize = 100;
/// How often an HTTP/2 connection is tried, and how long the answer may take.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_ANSWER_MAX: Duration = Duration::from_secs(10);

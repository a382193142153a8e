//! A small HTTP/1 server on loopback, for a part of the demo.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::form_urlencoded;

use crate::demo::error::DemoError;
use crate::demo::http::answers::text;
use crate::wire::body::Body;

/// Answers requests. May be called concurrently.
pub trait Site: Send + Sync + Debug + 'static {
    fn answer(&self, asked: Asked) -> impl Future<Output = Response<Body>> + Send;
}

/// A request, read whole.
#[derive(Debug)]
pub struct Asked {
    pub method: Method,
    /// The path's segments, still percent-encoded.
    pub segments: Vec<String>,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Asked {
    /// The query parameter's first value.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The header's value, where there is exactly one and it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(one), None) => one.to_str().ok(),
            _ => None,
        }
    }
}

/// Listens on `wanted`, or on any port of the same address where that one is taken: two demos may
/// run side by side.
///
/// # Errors
/// [`DemoError::Listen`] when neither can be had.
pub async fn bind(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), DemoError> {
    let refused = |source| DemoError::Listen {
        address: wanted,
        source,
    };
    let listener = match TcpListener::bind(wanted).await {
        Ok(listener) => listener,
        Err(cause) if cause.kind() == io::ErrorKind::AddrInUse => {
            TcpListener::bind(SocketAddr::new(wanted.ip(), 0))
                .await
                .map_err(refused)?
        }
        Err(cause) => return Err(refused(cause)),
    };
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}

/// Answers connections until `stop` is ready; then drops those that are left.
pub async fn serve<S: Site>(listener: TcpListener, site: Arc<S>, stop: impl Future) {
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            _ = &mut stop => return,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => {
                // An accept that fails (the peer has gone, no descriptors) concerns no one else.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(converse(stream, Arc::clone(&site)));
                }
            }
        }
    }
}

async fn converse<S: Site>(stream: TcpStream, site: Arc<S>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(answer(&*site, request).await) }
    });
    // A connection that ends badly ends; its peer knows.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_WAIT_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer<S: Site>(site: &S, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let collected = tokio::time::timeout(
        BODY_WAIT_MAX,
        Body::from(body).collect_up_to(BODY_BYTES_MAX),
    );
    let Ok(Ok(body)) = collected.await else {
        return text(
            StatusCode::BAD_REQUEST,
            "the body is too large, too slow or broken",
        );
    };
    let path = head.uri.path();
    let segments = path
        .strip_prefix('/')
        .unwrap_or(path)
        .split('/')
        .map(str::to_owned)
        .collect();
    let query = head.uri.query().unwrap_or_default();
    let query = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    site.answer(Asked {
        method: head.method,
        segments,
        query,
        headers: head.headers,
        body,
    })
    .await
}

const CONNECTIONS_MAX: usize = 512;
const BODY_BYTES_MAX: u64 = 256 * 1024;
const HEADER_WAIT_MAX: Duration = Duration::from_secs(30);
const BODY_WAIT_MAX: Duration = Duration::from_secs(10);

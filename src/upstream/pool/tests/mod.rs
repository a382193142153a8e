//! The pool before servers of these tests.

mod balance;
mod protocols;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{EjectionSettings, Endpoint, Lease, Pool, PoolSettings, Protocol, SendError};
use crate::clock::SystemClock;
use crate::upstream::upload::Upload;
use crate::wire::body::Body;

const WITHIN: Duration = Duration::from_secs(20);

const SETTINGS: PoolSettings = PoolSettings {
    protocol: Protocol::Http1,
    tls: None,
    connections_max: 100,
    pending_max: 100,
    retries_max: 100,
    idle_connections_max: 100,
    kept_seconds_max: 300,
    connect_ms_max: 5_000,
    idle_ms_max: 5_000,
    ejection: EjectionSettings {
        failures_max: 5,
        ejected_ms: 600_000,
        return_ms: 600_000,
        ejected_percent_max: 50,
    },
    health: None,
};

/// A server of one endpoint.
struct Server {
    endpoint: Endpoint,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct State {
    connections: AtomicUsize,
    requests: AtomicUsize,
    probes: AtomicUsize,
    /// What it answers with; 0 is 200.
    status: AtomicUsize,
    /// Requests wait here for a permit each, where there is a gate.
    gate: Option<Semaphore>,
}

impl State {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let counted = match request.uri().path() {
            "/probe" => &self.probes,
            _ => &self.requests,
        };
        counted.fetch_add(1, Ordering::SeqCst);
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        let host = request.headers().get(HOST).map(HeaderValue::as_bytes);
        let authority = request.uri().authority().map(|a| a.as_str().as_bytes());
        let said = format!(
            "{} {}",
            String::from_utf8_lossy(authority.or(host).unwrap_or_default()),
            request.uri().path_and_query().unwrap()
        );
        let mut response = Response::new(Full::from(said));
        let status = self.status.load(Ordering::SeqCst);
        if status != 0 {
            *response.status_mut() = StatusCode::from_u16(status.try_into().unwrap()).unwrap();
        }
        response
    }
}

impl Server {
    async fn start(protocol: Protocol, state: State) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::parse(&socket.local_addr().unwrap().to_string()).unwrap();
        let state = Arc::new(state);
        let mut tasks = JoinSet::new();
        let serving = Arc::clone(&state);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = socket.accept().await.unwrap();
                connections.spawn(serve(stream, protocol, Arc::clone(&serving)));
            }
        });
        Self {
            endpoint,
            state,
            _tasks: tasks,
        }
    }

    fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }
}

async fn serve<S>(stream: S, protocol: Protocol, state: Arc<State>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    state.connections.fetch_add(1, Ordering::SeqCst);
    let io = TokioIo::new(stream);
    let service = service_fn(move |request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(state.answer(request).await) }
    });
    let _ended = match protocol {
        Protocol::Http1 => {
            let server = hyper::server::conn::http1::Builder::new();
            server.serve_connection(io, service).await
        }
        Protocol::Http2 => {
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            server.serve_connection(io, service).await
        }
    };
}

fn pool(endpoints: &[&Endpoint], settings: PoolSettings) -> Pool {
    let endpoints = endpoints.iter().map(|&endpoint| endpoint.clone()).collect();
    Pool::new(endpoints, settings, Arc::new(SystemClock::new())).unwrap()
}

fn request() -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = "/records?year=2026".parse().unwrap();
    let host = HeaderValue::from_static("portal.example");
    request.headers_mut().insert(HOST, host);
    request
}

/// Asks once, and reads the answer to its end.
async fn ask(pool: &Pool) -> Result<(StatusCode, String), SendError> {
    let (response, mut lease): (_, Lease) =
        pool.send(request(), WITHIN, &Upload::default()).await?;
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    lease.give_back();
    Ok((status, String::from_utf8(body.to_vec()).unwrap()))
}

/// Nobody listens there.
async fn nobody() -> Endpoint {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Endpoint::parse(&socket.local_addr().unwrap().to_string()).unwrap()
}

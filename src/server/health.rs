//! The admin listener: is it alive, ready, started; and the metrics. Plain HTTP, for loopback.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::wire::body::Body;

use super::ServerError;
use super::drain::{Drained, Stage};
use super::listener::bind;

/// Where the admin listener listens.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default = "default_address")]
    pub address: SocketAddr,
}

/// What keeps a process from taking requests: one line each, for an operator.
///
/// Called for every probe, so it must be quick and must not block.
pub trait Readiness: Send + Sync {
    fn obstacles(&self) -> Vec<String>;
}

/// The metrics in the Prometheus text format. Called for every scrape.
pub trait Metrics: Send + Sync {
    fn render(&self) -> String;
}

/// How the process is.
#[expect(missing_debug_implementations, reason = "holds trait objects")]
pub struct Health {
    readiness: Arc<dyn Readiness>,
    metrics: Arc<dyn Metrics>,
    started: AtomicBool,
}

impl Health {
    #[must_use]
    pub fn new(readiness: Arc<dyn Readiness>, metrics: Arc<dyn Metrics>) -> Self {
        Self {
            readiness,
            metrics,
            started: AtomicBool::new(false),
        }
    }

    /// Notes that start-up is over.
    pub fn mark_started(&self) {
        self.started.store(true, Ordering::Release);
    }

    /// The answer to a probe. A drained process is alive and not ready.
    fn answer(&self, method: &Method, path: &str, stage: Stage) -> Response<Body> {
        if *method != Method::GET && *method != Method::HEAD {
            return text(StatusCode::METHOD_NOT_ALLOWED, String::new());
        }
        match path {
            "/livez" => text(StatusCode::OK, "alive\n".to_owned()),
            "/startupz" => self.tell(Vec::new()),
            "/readyz" | "/healthz" => {
                let mut obstacles = self.readiness.obstacles();
                if stage > Stage::Open {
                    obstacles.push("draining".to_owned());
                }
                self.tell(obstacles)
            }
            "/metrics" => text(StatusCode::OK, self.metrics.render()),
            _ => text(StatusCode::NOT_FOUND, String::new()),
        }
    }

    fn tell(&self, mut obstacles: Vec<String>) -> Response<Body> {
        if !self.started.load(Ordering::Acquire) {
            obstacles.push("starting".to_owned());
        }
        if obstacles.is_empty() {
            return text(StatusCode::OK, "ok\n".to_owned());
        }
        text(StatusCode::SERVICE_UNAVAILABLE, obstacles.join("\n") + "\n")
    }
}

/// The bound admin listener.
#[derive(Debug)]
pub struct Admin {
    socket: TcpListener,
}

impl Admin {
    /// Binds the address; nothing is answered yet.
    pub async fn bind(settings: &Settings) -> Result<Self, ServerError> {
        Ok(Self::adopt(bind(settings.address).await?))
    }

    /// On a socket that listens already.
    #[must_use]
    pub const fn adopt(socket: TcpListener) -> Self {
        Self { socket }
    }

    /// The address that was bound.
    pub fn address(&self) -> Result<SocketAddr, ServerError> {
        let address = default_address();
        self.socket
            .local_addr()
            .map_err(|source| ServerError::Listen { address, source })
    }

    /// Answers until the last stage: while the process drains, probes must still learn that it does.
    pub async fn run(self, health: Arc<Health>, mut drained: Drained) {
        let stages = drained.clone();
        let mut tasks = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = drained.reached(Stage::Now) => break,
                Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) if tasks.len() < CONNECTIONS_MAX => {
                    tasks.spawn(serve(stream, Arc::clone(&health), stages.clone()));
                }
                Ok(_) => {}
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
        tasks.shutdown().await;
    }
}

const CONNECTIONS_MAX: usize = 64;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const HEAD_READ_MAX: Duration = Duration::from_secs(5);

fn default_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9090))
}

async fn serve(stream: TcpStream, health: Arc<Health>, stages: Drained) {
    let service = service_fn(|request: Request<Incoming>| {
        // Origin-form only: an absolute-form target is a question to a proxy.
        let path = match request.uri().authority() {
            Some(_) => "",
            None => request.uri().path(),
        };
        let response = health.answer(request.method(), path, stages.stage());
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_READ_MAX)
        .serve_connection(TokioIo::new(stream), service);
    // An error here is the probe's going; the next one will come.
    let _ = Pin::from(Box::new(connection)).await;
}

fn text(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::full(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

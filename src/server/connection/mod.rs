//! One connection: HTTP/1.1 through the guard, HTTP/2 with its limits; both drained politely.

mod http1;
mod stalled;
mod tracked;
mod tunnel;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::{ProtocolVersion, ServerConnection};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::domain::peer::Peer;
use crate::telemetry::meters::Connected;
use crate::wire::arrival::ClientCertificate;
use crate::wire::body::Body;
use crate::wire::host::Host;
use crate::wire::tasks::OwnedTasks;

use super::Turnstile;
use super::dispatch::{Dispatch, Origin};
use super::drain::{Drained, Leaving, Stage};
use super::guard::{self, Timeouts};
use stalled::Streams;
use tracked::{Activity, Tracked};

/// How long and how much a connection may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Between two requests.
    pub idle_ms_max: u64,
    /// From the first to the last byte of a request head.
    pub head_ms_max: u64,
    /// For the next bytes of a request body.
    pub body_ms_max: u64,
    /// For the client to take bytes of an answer.
    pub write_ms_max: u64,
    /// For what lasts, from the first signal to stop on.
    pub stream_drain_ms_max: u64,
    /// For the client to hear that the connection is over.
    pub linger_ms_max: u64,
    pub http1: guard::Limits,
    pub http2: Http2Limits,
}

/// What an HTTP/2 peer may. The floods behind these are named in the `rustsec` advisories of `h2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http2Limits {
    pub streams_max: u32,
    /// Decoded, with 32 bytes for each field (RFC 9113 §6.5.2).
    pub header_list_bytes_max: u32,
    /// Streams reset by the peer before we saw them (CVE-2023-44487).
    pub pending_reset_streams_max: usize,
    /// Streams we reset for the peer's errors (CVE-2025-8671).
    pub local_error_resets_max: usize,
    pub send_buffer_bytes_max: usize,
    pub ping_ms: u64,
    pub ping_answer_ms_max: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            idle_ms_max: 75_000,
            head_ms_max: 10_000,
            body_ms_max: 30_000,
            write_ms_max: 30_000,
            stream_drain_ms_max: 5_000,
            linger_ms_max: 2_000,
            http1: guard::Limits::default(),
            http2: Http2Limits::default(),
        }
    }
}

impl Default for Http2Limits {
    fn default() -> Self {
        Self {
            streams_max: 100,
            header_list_bytes_max: 48 * 1024,
            pending_reset_streams_max: 20,
            local_error_resets_max: 100,
            send_buffer_bytes_max: 256 * 1024,
            ping_ms: 20_000,
            ping_answer_ms_max: 10_000,
        }
    }
}

/// What the TLS handshake settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// The only host that requests of this connection may be for.
    pub host: Host,
    pub protocol: Protocol,
    /// The version of TLS, `1.3` or `1.2`.
    pub tls: &'static str,
    pub certificate: Option<ClientCertificate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    /// The word for it in telemetry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "h1",
            Self::Http2 => "h2",
        }
    }
}

impl Handshake {
    /// Reads what was settled. Without ALPN it is HTTP/1.1.
    #[must_use]
    pub fn of(tls: &ServerConnection, host: Host, certificate: Option<ClientCertificate>) -> Self {
        let http2 = tls
            .alpn_protocol()
            .is_some_and(|protocol| protocol == b"h2");
        Self {
            host,
            protocol: if http2 {
                Protocol::Http2
            } else {
                Protocol::Http1
            },
            tls: match tls.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "1.3",
                Some(ProtocolVersion::TLSv1_2) => "1.2",
                Some(_) | None => "other",
            },
            certificate,
        }
    }
}

/// Serves connections, all in the same way.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds trait objects")]
pub struct Connections {
    settings: Settings,
    dispatch: Arc<Dispatch>,
    turnstile: Arc<dyn Turnstile>,
}

impl Connections {
    #[must_use]
    pub fn new(settings: Settings, dispatch: Dispatch, turnstile: Arc<dyn Turnstile>) -> Self {
        Self {
            settings,
            dispatch: Arc::new(dispatch),
            turnstile,
        }
    }

    /// Serves one connection to its end.
    pub async fn serve<S>(&self, stream: S, peer: Peer, handshake: Handshake, drained: Drained)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let _connected = Connected::new(handshake.protocol.as_str(), handshake.tls);
        let origin = Arc::new(Origin { peer, handshake });
        match origin.handshake.protocol {
            Protocol::Http1 => self.serve_http1(stream, origin, drained).await,
            // Apart: it is larger by far, and a connection is one of the two.
            Protocol::Http2 => Box::pin(self.serve_http2(stream, origin, drained)).await,
        }
    }

    fn leaving(&self, drained: &Drained) -> Leaving {
        let bound = Duration::from_millis(self.settings.stream_drain_ms_max);
        Leaving::new(drained.clone(), bound)
    }

    async fn serve_http2<S>(&self, stream: S, origin: Arc<Origin>, mut drained: Drained)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Arc::new(Activity::default());
        let (dispatch, counted) = (Arc::clone(&self.dispatch), Arc::clone(&activity));
        let leaving = self.leaving(&drained);
        let tasks = OwnedTasks::default();
        let streams = tasks.clone();
        let piece_max = Duration::from_millis(self.settings.body_ms_max);
        let service = service_fn(move |mut request: Request<Incoming>| {
            let (dispatch, origin) = (Arc::clone(&dispatch), Arc::clone(&origin));
            let underway = counted.begin();
            let (leaving, counted, streams) =
                (leaving.clone(), Arc::clone(&counted), streams.clone());
            async move {
                let opens = tunnel::opening(&mut request);
                let request = request.map(|body| stalled::awaited(Body::from(body), piece_max));
                let mut response = dispatch.serve(request, &origin).await;
                if let Some(opens) = opens {
                    let held = counted.begin();
                    tunnel::carry(&mut response, opens, leaving.of_tunnel(), held, &streams);
                }
                Ok::<_, Infallible>(Tracked::of(response, underway, &leaving))
            }
        });
        let limits = self.settings.http2;
        let write_max = Duration::from_millis(self.settings.write_ms_max);
        let connection = http2::Builder::new(Streams::new(tasks, write_max))
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.streams_max)
            .max_header_list_size(limits.header_list_bytes_max)
            .max_pending_accept_reset_streams(limits.pending_reset_streams_max)
            .max_local_error_reset_streams(limits.local_error_resets_max)
            .enable_connect_protocol()
            .max_send_buf_size(limits.send_buffer_bytes_max)
            .keep_alive_interval(Duration::from_millis(limits.ping_ms))
            .keep_alive_timeout(Duration::from_millis(limits.ping_answer_ms_max))
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let idle = Duration::from_millis(self.settings.idle_ms_max);
        let mut idle_checked = activity.seen();
        tokio::select! {
            biased;
            () = drained.reached(Stage::Draining) => {}
            _ = connection.as_mut() => return,
            () = async {
                loop {
                    tokio::time::sleep(idle).await;
                    let seen = std::mem::replace(&mut idle_checked, activity.seen());
                    if activity.is_idle_since(seen) {
                        break;
                    }
                }
            } => {}
        }
        connection.as_mut().graceful_shutdown();
        let over = activity.is_idle_since(activity.seen());
        // What was answered whole may wait for a client that does not take it. An error is the
        // client's going; there is nobody left to tell.
        match over {
            true => drop(tokio::time::timeout(write_max, connection).await),
            false => drop(connection.await),
        }
    }
}

impl Settings {
    fn timeouts(&self) -> Timeouts {
        Timeouts {
            idle: Duration::from_millis(self.idle_ms_max),
            head: Duration::from_millis(self.head_ms_max),
            body: Duration::from_millis(self.body_ms_max),
            write: Duration::from_millis(self.write_ms_max),
        }
    }
}

//! One connection of HTTP/1.1. Between two requests nothing of hyper is kept for it.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, HeaderValue, UPGRADE};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::server::dispatch::{Dispatch, Origin, refusal};
use crate::server::drain::{Drained, Leaving, Stage};
use crate::server::guard::{self, Awake, GuardedStream, Linger, Progress, Violation};
use crate::wire::body::Body;

use super::Connections;
use super::tracked::Tracked;
use super::tunnel::Switch;

impl Connections {
    pub(super) async fn serve_http1<S>(&self, stream: S, origin: Arc<Origin>, mut drained: Drained)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (limits, timeouts) = (self.settings.http1, self.settings.timeouts());
        let ways = Arc::new(Ways {
            dispatch: Arc::clone(&self.dispatch),
            origin,
            progress: Arc::new(Progress::default()),
            switch: Switch::default(),
            leaving: self.leaving(&drained),
            drained: drained.clone(),
        });
        let progress = Arc::clone(&ways.progress);
        let mut guarded = GuardedStream::new(stream, limits, timeouts, progress);
        loop {
            let read;
            (guarded, read) = self.converse(guarded, &ways, &mut drained).await;
            if let Some(carrier) = ways.switch.take() {
                let client = guarded.into_tunnel(&read);
                carrier.carry(client, ways.leaving.of_tunnel()).await;
                return;
            }
            if !guarded.is_resting() || rest(&mut guarded, &mut drained).await == Awake::Over {
                break;
            }
        }
        let ended = guarded.into_ended();
        if let Some(violation) = ended.violation.or(ways.progress.refused_in_body()) {
            self.turnstile
                .turned_away(ways.origin.peer, violation.code());
        }
        let bound = Duration::from_millis(self.settings.linger_ms_max);
        let farewell = say_farewell(ended.stream, ended.violation, ended.linger);
        let _ = tokio::time::timeout(bound, farewell).await;
    }

    /// Answers requests until the connection ends or rests; gives back what was read beyond them.
    async fn converse<S>(
        &self,
        guarded: GuardedStream<S>,
        ways: &Arc<Ways>,
        drained: &mut Drained,
    ) -> (GuardedStream<S>, bytes::Bytes)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = self.settings.http1;
        let service = service_fn(|request| Box::pin(Arc::clone(ways).answer(request)));
        // Apart, so that it is not kept for a connection that rests.
        let mut connection = Box::new(
            http1::Builder::new()
                .header_read_timeout(None)
                .max_headers(limits.headers_max)
                .max_buf_size(limits.head_bytes_max.max(HTTP1_BUFFER_BYTES_MIN))
                .serve_connection(TokioIo::new(guarded), service),
        );
        tokio::select! {
            biased;
            // First, so that an answer made while draining says that it is the last.
            () = drained.reached(Stage::Draining) => {
                // Who is about to ask is answered once more and told that it was the last time;
                // closing at once would cross a request that is on its way.
                let last = poll_fn(|cx| connection.poll_without_shutdown(cx));
                let ended = tokio::time::timeout(LAST_REQUEST_WAIT, last).await;
                // An error here is the client's going; there is nobody left to tell.
                if ended.is_err() {
                    Pin::new(&mut *connection).graceful_shutdown();
                    let _ = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
                }
            }
            _ = poll_fn(|cx| connection.poll_without_shutdown(cx)) => {}
        }
        let parts = connection.into_parts();
        (parts.io.into_inner(), parts.read_buf)
    }
}

/// What answering one request of a connection needs.
struct Ways {
    dispatch: Arc<Dispatch>,
    origin: Arc<Origin>,
    progress: Arc<Progress>,
    switch: Switch,
    leaving: Leaving,
    drained: Drained,
}

type Answered = Response<Tracked<guard::Unanswered>>;

impl Ways {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Answered, Infallible> {
        let unanswered = self.progress.begin();
        let asks_for_upgrade = request.headers().contains_key(UPGRADE);
        let asked = request.map(Body::from);
        let mut response = self.dispatch.serve(asked, &self.origin).await;
        let refused = self.progress.refused_in_body();
        if let Some(violation) = refused {
            response = refusal(violation.status(), violation.code());
        }
        let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        let is_last = asks_for_upgrade || refused.is_some() || self.drained.stage() > Stage::Open;
        if is_last && !switches {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        self.switch.hear(&mut response);
        Ok(Tracked::of(response, unanswered, &self.leaving))
    }
}

/// Waits for the next request of a connection that rests; once draining has begun, only for one
/// that may be on its way.
async fn rest<S>(guarded: &mut GuardedStream<S>, drained: &mut Drained) -> Awake
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    tokio::select! {
        biased;
        awake = guarded.awake() => return awake,
        () = drained.reached(Stage::Draining) => {}
    }
    let last = tokio::time::timeout(LAST_REQUEST_WAIT, guarded.awake()).await;
    last.unwrap_or(Awake::Over)
}

/// Answers what the guard found, closes our side, and reads on a little: closing with unread bytes
/// would reset the connection and take the answer with it (RFC 9112 §9.6).
async fn say_farewell<S>(
    mut stream: S,
    violation: Option<Violation>,
    linger: Linger,
) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if let Some(violation) = violation {
        stream.write_all(&violation.response()).await?;
        stream.flush().await?;
    }
    stream.shutdown().await?;
    if linger == Linger::Close {
        return Ok(());
    }
    let mut bytes_left = LINGER_BYTES_MAX;
    let mut buffer = vec![0; 4096];
    while bytes_left > 0 {
        match stream.read(&mut buffer).await? {
            0 => break,
            count => bytes_left = bytes_left.saturating_sub(count),
        }
    }
    Ok(())
}

/// How long a kept connection may ask once more when draining has begun.
const LAST_REQUEST_WAIT: Duration = Duration::from_millis(250);

/// The smallest buffer that hyper accepts.
const HTTP1_BUFFER_BYTES_MIN: usize = 8 * 1024;

/// The most bytes that are read from a client only to let it hear us out.
const LINGER_BYTES_MAX: usize = 256 * 1024;

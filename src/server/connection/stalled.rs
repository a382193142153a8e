//! Streams of HTTP/2 whose client stands still: the protocol keeps them open for ever, we do not.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::sync::Notify;
use tokio::time::Sleep;

use crate::wire::body::{Body, BodyError};
use crate::wire::tasks::OwnedTasks;

tokio::task_local! {
    /// How the answer of the stream whose task this is gets on.
    static TAKING: Arc<Taking>;
}

/// Runs the streams of a connection; one whose client takes nothing of its answer for so long is
/// reset, and the connection goes on.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    tasks: OwnedTasks,
    write_max: Duration,
}

/// How an answer's body is taken.
#[derive(Debug, Default)]
pub(super) struct Taking {
    /// There is more than one piece of it: it may stand still in between.
    begun: Notify,
    polls: AtomicU64,
    /// Nobody is to blame but whoever makes the body.
    waits_for_more: AtomicBool,
}

impl Streams {
    pub(super) const fn new(tasks: OwnedTasks, write_max: Duration) -> Self {
        Self { tasks, write_max }
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let taking = Arc::<Taking>::default();
        let (seen, write_max) = (Arc::clone(&taking), self.write_max);
        let bounded = async move {
            tokio::select! {
                () = stream => {}
                () = seen.stalled(write_max) => {}
            }
        };
        self.tasks.execute(TAKING.scope(taking, bounded));
    }
}

impl Taking {
    /// Of the stream in whose task this is called.
    pub(super) fn of_this_stream() -> Option<Arc<Self>> {
        TAKING.try_with(Arc::clone).ok()
    }

    /// Notes how the body answered when it was asked for more.
    pub(super) fn note<E>(&self, polled: &Poll<Option<Result<Frame<Bytes>, E>>>) {
        self.polls.fetch_add(1, Ordering::AcqRel);
        let more = matches!(polled, Poll::Ready(Some(Ok(_))));
        self.waits_for_more.store(!more, Ordering::Release);
        if more {
            self.begun.notify_one();
        }
    }

    /// Comes back when a piece was given and, for so long, no other was asked for.
    async fn stalled(&self, write_max: Duration) {
        self.begun.notified().await;
        loop {
            let before = self.polls.load(Ordering::Acquire);
            tokio::time::sleep(write_max).await;
            let stands = self.polls.load(Ordering::Acquire) == before;
            if stands && !self.waits_for_more.load(Ordering::Acquire) {
                return;
            }
        }
    }
}

/// A request's body that is waited for no longer than so long between two pieces.
struct Awaited {
    body: Body,
    piece_max: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

/// The body with that bound.
pub(super) fn awaited(body: Body, piece_max: Duration) -> Body {
    if body.is_end_stream() {
        return body;
    }
    Body::stream(Awaited {
        body,
        piece_max,
        waiting: None,
    })
}

impl HttpBody for Awaited {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if polled.is_ready() {
            self.waiting = None;
            return polled;
        }
        let piece_max = self.piece_max;
        let waiting = self
            .waiting
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(piece_max)));
        waiting
            .as_mut()
            .poll(cx)
            .map(|()| Some(Err(BodyError::Stalled)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

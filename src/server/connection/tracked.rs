//! Bodies of answers: until when they are under way, and when what lasts must end.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::server::connection::stalled::Taking;
use crate::server::drain::Leaving;
use crate::wire::answer::Lasts;
use crate::wire::body::Body;

/// A response body that says when it has ended.
pub(super) struct Tracked<T> {
    body: Body,
    /// For what lasts.
    leave: Option<Leave>,
    /// Of a stream of HTTP/2: how its client takes it.
    taking: Option<Arc<Taking>>,
    _underway: T,
}

/// When what lasts must end, and who is told that it does.
struct Leave {
    /// In a lock that nobody waits for.
    moment: Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>,
    lasts: Lasts,
}

impl<T> Tracked<T> {
    /// The response with a body that holds `underway` until it has ended, and ends by itself when
    /// it lasts and the server is leaving.
    pub(super) fn of(response: Response<Body>, underway: T, leaving: &Leaving) -> Response<Self> {
        let lasts = response.extensions().get::<Lasts>().cloned();
        let leave = lasts.map(|lasts| Leave {
            moment: Mutex::new(Box::pin(leaving.clone().reached())),
            lasts,
        });
        response.map(|body| Self {
            body,
            leave,
            taking: Taking::of_this_stream(),
            _underway: underway,
        })
    }

    fn is_leaving(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(leave) = &mut self.leave else {
            return false;
        };
        let moment = leave.moment.get_mut();
        let moment = moment.unwrap_or_else(PoisonError::into_inner);
        let is_leaving = moment.as_mut().poll(cx).is_ready();
        if is_leaving {
            leave.lasts.leave();
        }
        is_leaving
    }
}

impl<T: Unpin> HttpBody for Tracked<T> {
    type Data = <Body as HttpBody>::Data;
    type Error = <Body as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.is_leaving(cx) {
            self.leave = None;
            self.body = Body::empty();
        }
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Some(taking) = &self.taking {
            taking.note(&polled);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Counts the requests of an HTTP/2 connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    begun: AtomicU64,
    ended: AtomicU64,
}

#[derive(Debug)]
pub(super) struct Underway(Arc<Activity>);

impl Activity {
    pub(super) fn begin(self: &Arc<Self>) -> Underway {
        self.begun.fetch_add(1, Ordering::AcqRel);
        Underway(Arc::clone(self))
    }

    pub(super) fn seen(&self) -> u64 {
        self.begun.load(Ordering::Acquire)
    }

    pub(super) fn is_idle_since(&self, seen: u64) -> bool {
        self.seen() == seen && self.ended.load(Ordering::Acquire) == seen
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::AcqRel);
    }
}

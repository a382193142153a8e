//! A body that lasts no longer than its reader may have it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::gateway::lasting::Place;
use crate::identity::{Over, Tenure};
use crate::wire::body::{Body, BodyError};

/// The body, its place, and the end of its credential.
pub(super) struct Held {
    body: Body,
    state: State,
    /// In a lock that nobody waits for: a body is shared, a future is not.
    over: Mutex<Pin<Box<dyn Future<Output = Over> + Send>>>,
    _place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    GoesOn,
    Over,
}

impl Held {
    pub(super) fn new(body: Body, place: Place, tenure: Tenure) -> Self {
        Self {
            body,
            state: State::GoesOn,
            over: Mutex::new(Box::pin(tenure.over())),
            _place: place,
        }
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = BodyError;

    /// Ends as if the service had ended it: what came so far was whole events, and the browser
    /// comes again (HTML standard §9.2.3), with whatever credential it has then.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.state == State::Over {
            return Poll::Ready(None);
        }
        let over = self.over.get_mut().unwrap_or_else(PoisonError::into_inner);
        if over.as_mut().poll(cx).is_ready() {
            self.state = State::Over;
            self.body = Body::empty();
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.state == State::Over || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

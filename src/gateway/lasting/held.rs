//! A body that lasts no longer than its reader may have it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::domain::reason::Reason;
use crate::gateway::lasting::places::Place;
use crate::identity::Tenure;
use crate::telemetry::streams::{OpenStream, StreamEnd, StreamKind};
use crate::wire::answer::Lasts;
use crate::wire::body::{Body, BodyError};
use crate::wire::grpc::Status;

/// How a stream is ended before its own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gateway) enum End {
    /// As if the service had ended it: what came so far was whole events, and the browser comes
    /// again (HTML standard §9.2.3), with whatever credential it has then.
    Quiet,
    /// By an outcome of gRPC.
    Call,
}

impl End {
    pub(super) const fn kind(self) -> StreamKind {
        match self {
            Self::Quiet => StreamKind::Events,
            Self::Call => StreamKind::Call,
        }
    }
}

/// The body, its place, and who is told of its end.
pub(super) struct Whole {
    pub(super) body: Body,
    pub(super) open: OpenStream,
    pub(super) lasts: Lasts,
    pub(super) _place: Place,
}

/// The body, and the end of its time.
pub(super) struct Held {
    whole: Whole,
    end: End,
    state: State,
    /// In a lock that nobody waits for: a body is shared, a future is not.
    over: Mutex<Pin<Box<dyn Future<Output = Reason> + Send>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    GoesOn,
    Over,
}

impl Held {
    pub(super) fn new(whole: Whole, end: End, tenure: Tenure, deadline: Option<Duration>) -> Self {
        let over = async move {
            let late = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = tenure.over() => Reason::SignInNeeded,
                () = late => Reason::UpstreamTimeout,
            }
        };
        Self {
            whole,
            end,
            state: State::GoesOn,
            over: Mutex::new(Box::pin(over)),
        }
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.state == State::Over {
            return Poll::Ready(None);
        }
        let over = self.over.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Poll::Ready(reason) = over.as_mut().poll(cx) {
            self.state = State::Over;
            self.whole.open.ends(if reason == Reason::UpstreamTimeout {
                StreamEnd::TooLong
            } else {
                StreamEnd::NotAllowed
            });
            self.whole.body = Body::empty();
            let fields = Status::of(reason).fields(reason.code());
            return Poll::Ready(match self.end {
                End::Quiet => None,
                End::Call => Some(Ok(Frame::trailers(fields))),
            });
        }
        let polled = Pin::new(&mut self.whole.body).poll_frame(cx);
        if let Some(end) = end_in(&polled) {
            self.whole.open.ends(end);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.state == State::Over || self.whole.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.whole.body.size_hint()
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if self.lasts.is_left() {
            self.open.ends(StreamEnd::Drained);
        } else if self.body.is_end_stream() {
            self.open.ends(StreamEnd::Closed);
        }
    }
}

/// Whether this was the last of a body, and why.
fn end_in(polled: &Poll<Option<Result<Frame<Bytes>, BodyError>>>) -> Option<StreamEnd> {
    match polled {
        Poll::Ready(None) => Some(StreamEnd::Closed),
        Poll::Ready(Some(Ok(frame))) => frame.is_trailers().then_some(StreamEnd::Closed),
        Poll::Ready(Some(Err(BodyError::Stalled))) => Some(StreamEnd::Idle),
        Poll::Ready(Some(Err(_))) => Some(StreamEnd::Broken),
        Poll::Pending => None,
    }
}

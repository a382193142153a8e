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

/// The body, its place, and the end of its time.
pub(super) struct Held {
    body: Body,
    end: End,
    state: State,
    /// In a lock that nobody waits for: a body is shared, a future is not.
    over: Mutex<Pin<Box<dyn Future<Output = Reason> + Send>>>,
    _place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    GoesOn,
    Over,
}

impl Held {
    pub(super) fn new(
        body: Body,
        end: End,
        place: Place,
        tenure: Tenure,
        deadline: Option<Duration>,
    ) -> Self {
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
            body,
            end,
            state: State::GoesOn,
            over: Mutex::new(Box::pin(over)),
            _place: place,
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
            self.body = Body::empty();
            let fields = Status::of(reason).fields(reason.code());
            return Poll::Ready(match self.end {
                End::Quiet => None,
                End::Call => Some(Ok(Frame::trailers(fields))),
            });
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

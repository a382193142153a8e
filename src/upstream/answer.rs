//! The upstream's response as an [`Answer`]: its body bounded in time between two frames.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http::response::Parts;
use http::{Response, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use crate::upstream::pool::Lease;
use crate::wire::answer::Answer;
use crate::wire::body::{Body, BodyError};

/// Reads a response head; the body follows as it is polled, and breaks off when the upstream is
/// silent for `idle_ms_max`. `None` when it does not say clearly where it ends (RFC 9112 §6.3);
/// then the connection is closed, as it is after a status without content, behind which some would
/// be taken for the next answer.
pub(super) fn read(
    response: Response<Incoming>,
    mut lease: Lease,
    idle_ms_max: u32,
) -> Option<Answer> {
    let (head, incoming) = response.into_parts();
    if !ends_clearly(&head) {
        return None;
    }
    let body = if incoming.is_end_stream() {
        if !without_content(head.status) {
            lease.give_back();
        }
        Body::empty()
    } else {
        let idle = Duration::from_millis(u64::from(idle_ms_max));
        Body::stream(Patient {
            incoming,
            lease,
            idle,
            waiting: None,
        })
    };
    Some(Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
    })
}

const fn without_content(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// One length or chunks, not both; neither where there is no content.
fn ends_clearly(head: &Parts) -> bool {
    let count = |name| head.headers.get_all(name).iter().count();
    let (lengths, codings) = (count(CONTENT_LENGTH), count(TRANSFER_ENCODING));
    let chunked = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"chunked");
    let only_chunked = head.headers.get(TRANSFER_ENCODING).is_none_or(chunked);
    let empty = head.status == StatusCode::NO_CONTENT;
    lengths + codings <= 1 && only_chunked && !(empty && lengths + codings > 0)
}

/// A body that is waited for no longer than `idle` between two frames.
struct Patient {
    incoming: Incoming,
    lease: Lease,
    idle: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for Patient {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) {
            self.waiting = None;
            if frame.is_none() {
                self.lease.give_back();
            }
            return Poll::Ready(frame.map(|f| f.map_err(|_| BodyError::Broken)));
        }
        let idle = self.idle;
        let waiting = self
            .waiting
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(idle)));
        match waiting.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(BodyError::Stalled))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

//! The upstream's response as an [`Answer`]: its body bounded in time between two frames.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use crate::domain::flow::EVENTS;
use crate::upstream::pool::Lease;
use crate::wire::answer::Answer;
use crate::wire::body::{Body, BodyError};

/// Why a response head is no answer: another reader could take the bytes after it for something
/// else than this one does. Dropping its lease closes the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Doubt {
    #[error("it switches to another protocol")]
    Switch,
    #[error("its length is said twice")]
    Length,
    #[error("its transfer coding is not exactly `chunked`")]
    Coding,
    #[error("it announces a body where there is none")]
    Body,
    #[error("it does not go on as the WebSocket it was asked for")]
    Handshake,
}

/// How long an upstream may be silent within what it answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Idle {
    pub(super) body_ms_max: u32,
    /// Within events.
    pub(super) stream_ms_max: u32,
}

/// Reads a response head; the body follows as it is polled, and breaks off when the upstream is
/// silent for too long.
///
/// # Errors
/// [`Doubt`] when the head frames its body in more than one way (RFC 9112 §6.3, §11.2).
pub(super) fn read(
    response: Response<Incoming>,
    mut lease: Lease,
    idle: Idle,
) -> Result<Answer, Doubt> {
    let (head, incoming) = response.into_parts();
    judge(head.status, &head.headers)?;
    let body = if incoming.is_end_stream() {
        lease.give_back();
        Body::empty()
    } else {
        let ms = if is_events(&head.headers) {
            idle.stream_ms_max
        } else {
            idle.body_ms_max
        };
        let idle = Duration::from_millis(u64::from(ms));
        Body::stream(Patient {
            incoming,
            lease,
            idle,
            waiting: None,
        })
    };
    Ok(Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
        tunnel: None,
    })
}

fn is_events(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE);
    media.is_some_and(|media| media.as_bytes().starts_with(EVENTS.as_bytes()))
}

/// Every request goes out as GET or POST, so that what a status says of its body holds for all.
fn judge(status: StatusCode, headers: &HeaderMap) -> Result<(), Doubt> {
    let lengths = headers.get_all(CONTENT_LENGTH).iter().count();
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let coding = codings.next();
    if status.is_informational() {
        return Err(Doubt::Switch);
    }
    if lengths > 1 || (lengths == 1 && coding.is_some()) {
        return Err(Doubt::Length);
    }
    if coding.is_some_and(|coding| coding != "chunked") || codings.next().is_some() {
        return Err(Doubt::Coding);
    }
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let announced = headers
        .get(CONTENT_LENGTH)
        .is_some_and(|length| length != "0");
    if bodiless && (announced || coding.is_some()) {
        return Err(Doubt::Body);
    }
    Ok(())
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
            // Who knows the length does not ask again after the last byte.
            let is_whole = match &frame {
                Some(Ok(_)) => self.incoming.is_end_stream(),
                Some(Err(_)) => false,
                None => true,
            };
            if is_whole {
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

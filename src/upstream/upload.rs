//! A request's body on its way as it comes: counted, and remembered where it broke off.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderName;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::domain::flow::RequestBody;
use crate::domain::operation::Operation;
use crate::upstream::UpstreamError;
use crate::wire::body::{Body, BodyError};
use crate::wire::headers::only;

/// How far a body came; nothing is kept of one that was taken whole before.
#[derive(Debug, Clone, Default)]
pub(super) struct Upload(Option<Arc<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    pieces: AtomicU64,
    broke: OnceLock<BodyError>,
}

impl Upload {
    pub(super) fn of(operation: &Operation) -> Self {
        let streamed = operation.flow.body == RequestBody::Streamed;
        Self(streamed.then(Arc::default))
    }

    /// The body, let through as it is asked for: up to so many bytes, with these trailers only.
    pub(super) fn body(&self, body: Body, bytes_max: u64, trailers: Vec<HeaderName>) -> Body {
        Body::stream(Passing {
            body,
            bytes_max,
            bytes_left: bytes_max,
            trailers,
            upload: self.clone(),
        })
    }

    /// Why nothing came of it, where the client is to blame.
    pub(super) fn error(&self) -> Option<UpstreamError> {
        Some(match self.0.as_ref()?.broke.get()? {
            BodyError::TooLarge { bytes_max } => UpstreamError::BodyTooLarge {
                bytes_max: *bytes_max,
            },
            BodyError::Broken | BodyError::Stalled | BodyError::Withheld => {
                UpstreamError::BodyBroken
            }
        })
    }

    fn pieces(&self) -> u64 {
        let pieces = |inner: &Arc<Inner>| inner.pieces.load(Ordering::Acquire);
        self.0.as_ref().map_or(0, pieces)
    }

    /// Waits for what is sent `within` so long from when the last piece of the body left.
    pub(super) async fn within<F: Future>(
        &self,
        within: Duration,
        mut sent: Pin<&mut F>,
    ) -> Option<F::Output> {
        loop {
            let before = self.pieces();
            if let Ok(sent) = tokio::time::timeout(within, sent.as_mut()).await {
                return Some(sent);
            }
            if self.pieces() == before {
                return None;
            }
        }
    }
}

struct Passing {
    body: Body,
    bytes_max: u64,
    bytes_left: u64,
    trailers: Vec<HeaderName>,
    upload: Upload,
}

impl Passing {
    fn judge(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, BodyError> {
        let frame = match frame.into_trailers() {
            Ok(trailers) => return Ok(Frame::trailers(only(&trailers, &self.trailers))),
            Err(frame) => frame,
        };
        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
        let too_large = BodyError::TooLarge {
            bytes_max: self.bytes_max,
        };
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or(too_large)?;
        if let Some(inner) = &self.upload.0 {
            inner.pieces.fetch_add(1, Ordering::AcqRel);
        }
        Ok(frame)
    }
}

impl HttpBody for Passing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)) else {
            return Poll::Ready(None);
        };
        let judged = frame.and_then(|frame| self.judge(frame));
        if let (Err(cause), Some(inner)) = (&judged, &self.upload.0) {
            // The first cause stays.
            let _kept = inner.broke.set(cause.clone());
        }
        Poll::Ready(Some(judged))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

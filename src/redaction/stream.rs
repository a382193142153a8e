//! Bodies that pass as they come: data only, and the first bytes seen before anything leaves.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;

use crate::wire::body::{Body, BodyError};

/// A body without its trailers: they are headers that no list has let through.
pub(super) fn data_only(body: Body) -> Body {
    Body::stream(DataOnly { first: None, rest: body })
}

/// Waits for the first bytes of a body. Gives them, and the body from its beginning.
pub(super) async fn peek(mut body: Body) -> Result<(Bytes, Body), BodyError> {
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            Ok(first) if first.is_empty() => {}
            Ok(first) => {
                let whole = DataOnly { first: Some(first.clone()), rest: body };
                return Ok((first, Body::stream(whole)));
            }
            Err(_) => break,
        }
    }
    Ok((Bytes::new(), Body::empty()))
}

struct DataOnly {
    first: Option<Bytes>,
    rest: Body,
}

impl HttpBody for DataOnly {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        loop {
            return match ready!(Pin::new(&mut self.rest).poll_frame(cx)) {
                Some(Ok(frame)) if !frame.is_data() => continue,
                other => Poll::Ready(other),
            };
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let first = self.first.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(first));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(first));
        }
        hint
    }
}

//! A message body: nothing, bytes at hand, or a stream with back-pressure.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;

/// A message body. Polled, it yields the peer's frames as they come: who does not poll is not sent
/// to.
pub struct Body(Inner);

enum Inner {
    Full(Option<Bytes>),
    Incoming(Incoming),
    Stream(BoxBody<Bytes, BodyError>),
}

/// A body that did not arrive whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the body is larger than {bytes_max} bytes")]
    TooLarge { bytes_max: u64 },
    #[error("the body broke off")]
    Broken,
    #[error("the body stood still for too long")]
    Stalled,
    /// Something in it must not leave; the stream is cut.
    #[error("the body holds what may not leave")]
    Withheld,
}

impl Body {
    #[must_use]
    pub const fn empty() -> Self {
        Self(Inner::Full(None))
    }

    /// A body of exactly these bytes.
    #[must_use]
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self(Inner::Full(if bytes.is_empty() {
            None
        } else {
            Some(bytes)
        }))
    }

    /// A body of someone else's making.
    #[must_use]
    pub fn stream<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes, Error = BodyError> + Send + Sync + 'static,
    {
        Self(Inner::Stream(BoxBody::new(body)))
    }

    /// Reads it all into memory.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] as soon as more than `bytes_max` bytes came; otherwise what stopped
    /// the stream.
    pub async fn collect_up_to(self, bytes_max: u64) -> Result<Bytes, BodyError> {
        let too_large = BodyError::TooLarge { bytes_max };
        if self.is_larger_than(bytes_max) {
            return Err(too_large);
        }
        if let Inner::Full(bytes) = self.0 {
            return Ok(bytes.unwrap_or_default());
        }
        let limit = usize::try_from(bytes_max).unwrap_or(usize::MAX);
        match Limited::new(self, limit).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(cause) if cause.is::<LengthLimitError>() => Err(too_large),
            Err(cause) => Err(cause
                .downcast::<BodyError>()
                .map_or(BodyError::Broken, |e| *e)),
        }
    }
}

impl Body {
    /// How many bytes it has, where all of them are here.
    #[must_use]
    pub fn at_hand(&self) -> Option<u64> {
        match &self.0 {
            Inner::Full(bytes) => Some(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Inner::Incoming(_) | Inner::Stream(_) => None,
        }
    }

    /// Whether it says of itself that more than so many bytes come.
    #[must_use]
    pub fn is_larger_than(&self, bytes_max: u64) -> bool {
        self.size_hint().lower() > bytes_max
    }

    /// Reads what comes and drops it, up to so many bytes: a peer that is still sending reads the
    /// answer only afterwards, and a connection that is closed under it may take the answer along.
    pub async fn discard_up_to(mut self, bytes_max: u64) {
        let mut left = bytes_max;
        while let Some(Ok(frame)) = self.frame().await {
            let length = frame.data_ref().map_or(0, |data| data.len() as u64);
            match left.checked_sub(length) {
                Some(less) => left = less,
                None => return,
            }
        }
    }
}

impl From<Incoming> for Body {
    fn from(incoming: Incoming) -> Self {
        if incoming.is_end_stream() {
            Self::empty()
        } else {
            Self(Inner::Incoming(incoming))
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Inner::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Inner::Incoming(incoming) => Pin::new(incoming)
                .poll_frame(cx)
                .map_err(|_| BodyError::Broken),
            Inner::Stream(stream) => Pin::new(stream).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Full(bytes) => bytes.is_none(),
            Inner::Incoming(incoming) => incoming.is_end_stream(),
            Inner::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Full(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64))
            }
            Inner::Incoming(incoming) => incoming.size_hint(),
            Inner::Stream(stream) => stream.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Inner::Full(_) => "Full",
            Inner::Incoming(_) => "Incoming",
            Inner::Stream(_) => "Stream",
        };
        write!(
            f,
            "Body::{kind}({} bytes or more)",
            self.size_hint().lower()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_of_known_bytes_is_collected_up_to_its_bound() {
        assert_eq!(
            Body::full("seal").collect_up_to(4).await.unwrap(),
            Bytes::from("seal")
        );
        assert_eq!(
            Body::full("seals").collect_up_to(4).await,
            Err(BodyError::TooLarge { bytes_max: 4 })
        );
        assert!(Body::empty().is_end_stream());
    }
}

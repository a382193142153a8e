//! A body that tells how much of it was taken.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::telemetry::requests::UnderWay;

/// A body whose request is under way until its last byte was taken, or nobody takes more.
#[derive(Debug)]
pub struct Watched<B> {
    body: B,
    under_way: UnderWay,
}

impl<B: Body<Data = Bytes>> Watched<B> {
    pub const fn new(body: B, under_way: UnderWay) -> Self {
        Self { body, under_way }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                // Who sends a body of known length does not ask for an end.
                let is_whole = self.body.is_end_stream();
                self.under_way.sending(bytes as u64, is_whole);
            }
            Poll::Ready(None) => self.under_way.sending(0, true),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
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

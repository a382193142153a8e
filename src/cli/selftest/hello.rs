//! A connection whose hello goes out in pieces.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// In which pieces a hello goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pieces {
    /// As the library says it.
    Whole,
    /// A record for each byte (RFC 8446 §5.1).
    Records,
    /// A write for each byte.
    Segments,
}

/// The connection below TLS.
pub(super) struct InPieces<S> {
    stream: S,
    pieces: Pieces,
    /// The first record, as far as it was given.
    hello: Vec<u8>,
    /// What of it goes out, in which steps, and how far that is.
    out: Vec<u8>,
    step: usize,
    at: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Hello,
    Leaving,
    Passed,
}

impl<S: AsyncWrite + Unpin> InPieces<S> {
    pub(super) fn new(stream: S, pieces: Pieces) -> Self {
        let state = match pieces {
            Pieces::Whole => State::Passed,
            Pieces::Records | Pieces::Segments => State::Hello,
        };
        Self {
            stream,
            pieces,
            hello: Vec::new(),
            out: Vec::new(),
            step: 1,
            at: 0,
            state,
        }
    }

    /// Takes a part of the hello; once it is whole it may leave.
    fn take(&mut self, bytes: &[u8]) {
        self.hello.extend_from_slice(bytes);
        let Some((head, body)) = self.hello.split_first_chunk::<RECORD_HEAD>() else {
            return;
        };
        let [kind, major, minor, high, low] = *head;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some((record, rest)) = body.split_at_checked(length) else {
            return;
        };
        match self.pieces {
            Pieces::Records => {
                let one = |byte: &u8| [kind, major, minor, 0, 1, *byte];
                self.out = record.iter().flat_map(one).collect();
                self.out.extend_from_slice(rest);
                self.step = RECORD_HEAD + 1;
            }
            Pieces::Whole | Pieces::Segments => self.out.clone_from(&self.hello),
        }
        self.state = State::Leaving;
    }

    /// Lets out what waits, piece by piece.
    fn leave(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.state == State::Leaving {
            let left = self.out.get(self.at..).unwrap_or_default();
            if left.is_empty() {
                self.state = State::Passed;
                break;
            }
            let piece = left.get(..self.step.min(left.len())).unwrap_or_default();
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, piece))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.at += written;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for InPieces<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.state == State::Hello {
            self.take(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(self.leave(cx))?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.leave(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.leave(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for InPieces<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Whoever waits for an answer has said what it answers.
        if let Poll::Ready(Err(cause)) = self.leave(cx) {
            return Poll::Ready(Err(cause));
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

/// Kind, version, length (RFC 8446 §5.1).
const RECORD_HEAD: usize = 5;

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    /// Bytes of each write.
    #[derive(Default)]
    struct Writes(Vec<Vec<u8>>);

    impl AsyncWrite for Writes {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.0.push(bytes.to_vec());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    async fn writes(pieces: Pieces) -> Vec<Vec<u8>> {
        let mut stream = InPieces::new(Writes::default(), pieces);
        for part in [&[22, 3][..], &[1, 0, 3, 1], &[2, 3]] {
            stream.write_all(part).await.unwrap();
        }
        stream.flush().await.unwrap();
        stream.write_all(b"after").await.unwrap();
        stream.stream.0
    }

    #[tokio::test]
    async fn only_the_first_record_goes_out_in_pieces() {
        let after = b"after".to_vec();
        let records = writes(Pieces::Records).await;
        let record = |byte| vec![22, 3, 1, 0, 1, byte];
        assert_eq!(records, [record(1), record(2), record(3), after.clone()]);
        let segments = writes(Pieces::Segments).await;
        assert_eq!(segments.len(), 9);
        assert_eq!(segments[..8].concat(), [22, 3, 1, 0, 3, 1, 2, 3]);
        assert_eq!(segments[8], after);
        assert_eq!(writes(Pieces::Whole).await.len(), 4);
    }
}

//! A connection to an upstream whose answers' heads have lines that end in one way.
//!
//! hyper takes a lone LF for the end of a line, another reader may not: what one calls a header is
//! a part of a value to the other. Bodies pass unseen; where they end is hyper's to say.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use memchr::memchr2;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Says that the next byte read begins a head: set before each request.
#[derive(Debug, Clone, Default)]
pub(super) struct HeadAwaited(Arc<AtomicBool>);

impl HeadAwaited {
    pub(super) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }
}

/// The connection; reading fails at a line of a head that does not end in CR LF (RFC 9112 §2.2).
#[derive(Debug)]
pub(super) struct StrictHeads<S> {
    inner: S,
    awaited: HeadAwaited,
    /// `None` within a body.
    head: Option<Head>,
}

/// Where in a head the next byte stands.
#[derive(Debug, Clone, Copy)]
struct Head {
    line: Line,
    /// Bytes of this line, its end not counted.
    line_bytes: usize,
    after_return: bool,
    status: [u8; 3],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Status,
    Field,
}

impl<S> StrictHeads<S> {
    pub(super) const fn new(inner: S, awaited: HeadAwaited) -> Self {
        Self {
            inner,
            awaited,
            head: None,
        }
    }

    /// Looks at what was read, up to where the body begins.
    fn judge(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while let Some(head) = &mut self.head {
            let run = head.run(rest);
            let Some((byte, after)) = rest.get(run..).and_then(<[u8]>::split_first) else {
                return Ok(());
            };
            self.head = head.step(*byte)?;
            rest = after;
        }
        Ok(())
    }
}

impl Head {
    const BEGIN: Self = Self {
        line: Line::Status,
        line_bytes: 0,
        after_return: false,
        status: [0; 3],
    };

    /// Whether another head follows this one: after `101` comes another protocol.
    fn is_interim(self) -> bool {
        self.status.starts_with(b"1") && self.status != *b"101"
    }

    /// Takes the bytes of a field's line that end nothing; how many there were. The next one is for
    /// [`Self::step`].
    fn run(&mut self, bytes: &[u8]) -> usize {
        if self.after_return || self.line == Line::Status {
            return 0;
        }
        let run = memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
        self.line_bytes += run;
        run
    }

    /// The head after one byte more; `None` where it has ended and a body begins.
    fn step(mut self, byte: u8) -> io::Result<Option<Self>> {
        if self.after_return != (byte == b'\n') {
            let told = "a line of an answer's head does not end in CR LF";
            return Err(io::Error::new(io::ErrorKind::InvalidData, told));
        }
        if byte == b'\r' {
            self.after_return = true;
            return Ok(Some(self));
        }
        if byte != b'\n' {
            let digit = self.line_bytes.checked_sub(STATUS_AT);
            let digit = digit.filter(|_| self.line == Line::Status);
            if let Some(digit) = digit.and_then(|at| self.status.get_mut(at)) {
                *digit = byte;
            }
            self.line_bytes += 1;
            return Ok(Some(self));
        }
        if self.line_bytes > 0 {
            return Ok(Some(Self {
                line: Line::Field,
                line_bytes: 0,
                after_return: false,
                ..self
            }));
        }
        Ok(self.is_interim().then_some(Self::BEGIN))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StrictHeads<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        if self.awaited.take() {
            self.head = Some(Head::BEGIN);
        }
        let read = buffer.filled().get(before..).unwrap_or_default();
        Poll::Ready(self.judge(read))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StrictHeads<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// Where the first digit of the status stands in `HTTP/1.1 200 OK`.
const STATUS_AT: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether bytes that arrive in pieces of this size come through.
    fn passes(said: &str, size: usize) -> bool {
        let mut stream = StrictHeads::new((), HeadAwaited::default());
        stream.head = Some(Head::BEGIN);
        let mut pieces = said.as_bytes().chunks(size);
        pieces.all(|piece| stream.judge(piece).is_ok())
    }

    #[test]
    fn a_line_of_a_head_ends_in_cr_lf_and_a_body_is_as_it_is() {
        let rows = [
            ("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\nwith\rlines", true),
            ("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n\r\n\n", true),
            ("HTTP/1.1 101 Switching\r\n\r\n\u{7f}\n\n", true),
            ("HTTP/1.1 200 OK\nA: b\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nA: b\r\n\n", false),
            ("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\n\n", false),
        ];
        for (said, expected) in rows {
            for size in [1, 3, said.len()] {
                assert_eq!(passes(said, size), expected, "FR-20: {said:?}");
            }
        }
    }
}

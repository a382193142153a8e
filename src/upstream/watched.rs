//! A connection to an upstream whose response heads are looked at byte by byte before they are
//! parsed: the parser forgives what tells that two sides disagree on where a message ends.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Interim answers (RFC 9110 §15.2) before one final answer.
const INTERIM_ANSWERS_MAX: u32 = 8;
/// `HTTP/1.1 200`, as far as a status is told.
const STATUS_BYTES: usize = 12;

/// Says that the next byte begins a response head.
#[derive(Debug, Clone, Default)]
pub(super) struct Expect(Arc<AtomicBool>);

impl Expect {
    pub(super) fn a_head(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// The connection.
#[derive(Debug)]
pub(super) struct Watched {
    stream: TcpStream,
    expect: Expect,
    head: Option<Head>,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, expect: Expect) -> Self {
        Self {
            stream,
            expect,
            head: None,
        }
    }

    /// Looks at bytes that were read.
    fn look(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.expect.0.swap(false, Ordering::AcqRel) {
            self.head = Some(Head::default());
        }
        for byte in bytes {
            let Some(head) = &mut self.head else {
                return Ok(());
            };
            if head.take(*byte)? {
                self.head = None;
            }
        }
        Ok(())
    }
}

/// A response head as it comes in.
#[derive(Debug, Default)]
struct Head {
    /// The beginning of the status line.
    status: Vec<u8>,
    /// How much of `\r\n\r\n` the last bytes are.
    end: u8,
    interim: u32,
}

impl Head {
    /// Takes the next byte; whether it ends the head of the final answer.
    fn take(&mut self, byte: u8) -> io::Result<bool> {
        if self.status.len() < STATUS_BYTES {
            self.status.push(byte);
        }
        self.end = match (self.end, byte) {
            (0 | 2, b'\r') => self.end + 1,
            (1, b'\n') => 2,
            (3, b'\n') => 4,
            (_, b'\r' | b'\n' | 0) => {
                return Err(broken("a line of its head does not end with CR LF"));
            }
            _ => 0,
        };
        if self.end < 4 {
            return Ok(false);
        }
        if self.status.get(9) != Some(&b'1') {
            return Ok(true);
        }
        self.interim += 1;
        if self.interim > INTERIM_ANSWERS_MAX {
            return Err(broken("it sends interim answers without end"));
        }
        self.status.clear();
        self.end = 0;
        Ok(false)
    }
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
        let read = into.filled().get(before..).unwrap_or_default();
        Poll::Ready(self.look(read))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes of `head` were taken when the final answer's head ended, if it did.
    fn ends(head: &str) -> io::Result<Option<usize>> {
        let mut watched = Head::default();
        for (at, byte) in head.bytes().enumerate() {
            if watched.take(byte)? {
                return Ok(Some(at + 1));
            }
        }
        Ok(None)
    }

    #[test]
    fn a_head_ends_where_its_empty_line_does_and_interim_answers_come_before() {
        let final_head = "HTTP/1.1 200 OK\r\na: b\r\n\r\n";
        assert_eq!(ends(final_head).unwrap(), Some(final_head.len()));
        let early = format!("HTTP/1.1 103 Early Hints\r\n\r\n{final_head}");
        assert_eq!(ends(&early).unwrap(), Some(early.len()));
        assert_eq!(ends("HTTP/1.1 200 OK\r\n").unwrap(), None);
    }

    #[test]
    fn fr_20_a_bare_line_feed_or_carriage_return_is_no_end_of_a_line() {
        for head in [
            "HTTP/1.1 200 OK\na: b\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: b\nc: d\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: b\r\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: b\0\r\n\r\n",
        ] {
            assert!(ends(head).is_err(), "{head:?}");
        }
        let endless = "HTTP/1.1 102 Processing\r\n\r\n".repeat(9);
        assert!(ends(&endless).is_err());
    }
}

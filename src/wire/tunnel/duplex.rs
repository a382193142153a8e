//! One side of a tunnel: a connection, what came on it before it was one, and what it holds open.

use std::any::Any;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes both ways.
pub struct Duplex(Box<Side>);

struct Side {
    /// Read already, and not yet taken.
    first: Bytes,
    open: Mutex<Open>,
}

/// In a lock that nobody waits for: a response is shared, a connection is not.
struct Open {
    io: Pin<Box<dyn ReadWrite>>,
    /// Given up when the connection is.
    _holds: Box<dyn Any + Send>,
}

trait ReadWrite: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> ReadWrite for T {}

impl Duplex {
    /// A connection on which `first` has come already, and what is held as long as it is open.
    pub fn new<S, H>(first: Bytes, io: S, holds: H) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
        H: Send + 'static,
    {
        Self(Box::new(Side {
            first,
            open: Mutex::new(Open {
                io: Box::pin(io),
                _holds: Box::new(holds),
            }),
        }))
    }

    fn io(&mut self) -> Pin<&mut dyn ReadWrite> {
        let open = self
            .0
            .open
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        open.io.as_mut()
    }
}

impl AsyncRead for Duplex {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.0.first.is_empty() {
            return self.io().poll_read(cx, to);
        }
        let count = self.0.first.len().min(to.remaining());
        to.put_slice(self.0.first.get(..count).unwrap_or_default());
        self.0.first.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Duplex {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(cx)
    }
}

impl fmt::Debug for Duplex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Duplex({} bytes first)", self.0.first.len())
    }
}

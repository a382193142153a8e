//! A tunnel: bytes both ways, with back-pressure, until one side, time, or a credential ends it.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{sleep, timeout};

use crate::identity::Tenure;
use crate::telemetry::streams::StreamEnd;
use crate::wire::tunnel::Leaving;
use crate::wire::tunnel::duplex::Duplex;
use crate::wire::tunnel::frames::{CloseCode, Frames};

/// Both sides of a tunnel.
#[derive(Debug)]
pub(super) struct Sides {
    pub(super) client: Duplex,
    pub(super) service: Duplex,
}

/// How long a tunnel may be silent, and open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) idle: Duration,
    pub(super) total: Duration,
}

/// How a tunnel ended, and what went through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) why: Why,
    pub(super) from_client_bytes: u64,
    pub(super) from_service_bytes: u64,
}

/// Why a tunnel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// One side had no more to say, or is gone.
    Closed,
    /// Nothing went through it for too long.
    Idle,
    /// It was open for as long as it may be.
    TooLong,
    /// The credential it was opened with is good no more.
    NotAllowed,
    /// The house is going away.
    Drained,
}

impl Why {
    pub(super) const fn end(self) -> StreamEnd {
        match self {
            Self::Closed => StreamEnd::Closed,
            Self::Idle => StreamEnd::Idle,
            Self::TooLong => StreamEnd::TooLong,
            Self::NotAllowed => StreamEnd::NotAllowed,
            Self::Drained => StreamEnd::Drained,
        }
    }

    const fn code(self) -> Option<CloseCode> {
        match self {
            Self::Closed => None,
            Self::NotAllowed => Some(CloseCode::PolicyViolation),
            Self::Idle | Self::TooLong | Self::Drained => Some(CloseCode::GoingAway),
        }
    }
}

/// Carries bytes to the end, and says goodbye where neither side did.
pub(super) async fn carry(
    mut sides: Sides,
    bounds: Bounds,
    tenure: Tenure,
    leaving: Leaving,
) -> Ended {
    let (mut up, mut down) = (Pump::default(), Pump::default());
    let why = tokio::select! {
        biased;
        _ = tenure.over() => Why::NotAllowed,
        () = leaving.0 => Why::Drained,
        () = sleep(bounds.total) => Why::TooLong,
        why = pump(&mut sides, &mut up, &mut down, bounds.idle) => why,
    };
    let goodbye = async {
        match why.code() {
            Some(code) => {
                down.part(&mut sides.service, &mut sides.client, &code.from_server())
                    .await?;
                up.part(&mut sides.client, &mut sides.service, &code.from_client())
                    .await?;
                sides.client.shutdown().await?;
                // What the client still sends would, unread, cut off what it was told.
                tokio::io::copy(&mut sides.client, &mut tokio::io::sink()).await?;
            }
            None => {
                sides.service.shutdown().await?;
                sides.client.shutdown().await?;
            }
        }
        io::Result::Ok(())
    };
    // Whoever does not listen to a goodbye is left without one.
    let _ended = timeout(GOODBYE_MAX, goodbye).await;
    Ended {
        why,
        from_client_bytes: up.bytes,
        from_service_bytes: down.bytes,
    }
}

/// Moves bytes both ways until both sides have ended, or one has and the other does not follow.
async fn pump(sides: &mut Sides, up: &mut Pump, down: &mut Pump, idle: Duration) -> Why {
    loop {
        let before = up.bytes + down.bytes;
        let half_closed = up.state == State::Ended || down.state == State::Ended;
        let wait = if half_closed {
            idle.min(GOODBYE_MAX)
        } else {
            idle
        };
        let moved = poll_fn(|cx| {
            let there = up.poll(cx, &mut sides.client, &mut sides.service)?;
            let back = down.poll(cx, &mut sides.service, &mut sides.client)?;
            let settled = up.state == State::Ended && down.state == State::Ended;
            let ended = there.is_ready() || back.is_ready();
            match settled || (ended && !half_closed) {
                true => Poll::Ready(io::Result::Ok(())),
                false => Poll::Pending,
            }
        });
        match timeout(wait, moved).await {
            Ok(Err(_)) => return Why::Closed,
            Ok(Ok(())) if up.state == State::Ended && down.state == State::Ended => {
                return Why::Closed;
            }
            Ok(Ok(())) => {}
            Err(_) if up.bytes + down.bytes > before => {}
            Err(_) if half_closed => return Why::Closed,
            Err(_) => return Why::Idle,
        }
    }
}

/// One direction.
struct Pump {
    buffer: Box<[u8]>,
    /// What of the buffer is still to be written.
    left: std::ops::Range<usize>,
    frames: Frames,
    bytes: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Nothing more is read; what was read is written.
    Ending,
    Ended,
}

impl Default for Pump {
    fn default() -> Self {
        Self {
            buffer: vec![0; BUFFER_BYTES].into(),
            left: 0..0,
            frames: Frames::default(),
            bytes: 0,
            state: State::Open,
        }
    }
}

impl Pump {
    /// Moves what there is; ready once `from` has ended and `to` was told.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Duplex,
        to: &mut Duplex,
    ) -> Poll<io::Result<()>> {
        while self.state != State::Ended {
            ready!(self.poll_write(cx, to, usize::MAX))?;
            if self.state == State::Ending {
                ready!(Pin::new(&mut *to).poll_shutdown(cx))?;
                self.state = State::Ended;
                break;
            }
            let mut buffer = ReadBuf::new(&mut self.buffer);
            match Pin::new(&mut *from).poll_read(cx, &mut buffer) {
                Poll::Pending => {
                    ready!(Pin::new(&mut *to).poll_flush(cx))?;
                    return Poll::Pending;
                }
                Poll::Ready(read) => read?,
            }
            self.left = 0..buffer.filled().len();
            if self.left.is_empty() {
                self.state = State::Ending;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what is left, up to so many bytes.
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut Duplex,
        mut bytes_max: usize,
    ) -> Poll<io::Result<()>> {
        while bytes_max > 0 && !self.left.is_empty() {
            let left = self.buffer.get(self.left.clone()).unwrap_or_default();
            let now = left.get(..bytes_max.min(left.len())).unwrap_or_default();
            let count = ready!(Pin::new(&mut *to).poll_write(cx, now))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.frames.pass(now.get(..count).unwrap_or_default());
            self.bytes += count as u64;
            self.left.start += count;
            bytes_max -= count;
        }
        Poll::Ready(Ok(()))
    }

    /// Lets the frame that is under way end, and no other begin; then says `last`.
    async fn part(&mut self, from: &mut Duplex, to: &mut Duplex, last: &[u8]) -> io::Result<()> {
        while !self.frames.is_between() {
            if self.left.is_empty() {
                self.left = 0..from.read(&mut self.buffer).await?;
                if self.left.is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            let left = self.buffer.get(self.left.clone()).unwrap_or_default();
            let bytes = self.frames.bytes_of_current(left);
            poll_fn(|cx| self.poll_write(cx, to, bytes)).await?;
        }
        to.write_all(last).await?;
        to.flush().await
    }
}

/// How long both sides have for a goodbye, and one for following the other.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// What a tunnel takes of memory in each direction.
const BUFFER_BYTES: usize = 8 * 1024;

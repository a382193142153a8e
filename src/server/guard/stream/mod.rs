//! The guard as a byte stream: what hyper reads has been judged, what hyper writes goes out.

mod progress;
mod rest;

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{self, AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::wire::tunnel::duplex::Duplex;

use super::{Guard, Limits, Place, Verdict, Violation};

pub use progress::{Progress, Unanswered};
pub use rest::Awake;
use rest::REST_AFTER;

/// How long the guard waits for bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the first byte of a request.
    pub idle: Duration,
    /// From the first byte of a head to its last.
    pub head: Duration,
    /// For the next bytes of a body.
    pub body: Duration,
    /// For the client to take bytes of an answer.
    pub write: Duration,
}

/// A connection whose incoming bytes pass the guard.
#[derive(Debug)]
pub struct GuardedStream<S> {
    inner: S,
    guard: Guard,
    progress: Arc<Progress>,
    timeouts: Timeouts,
    timer: Option<(Place, Pin<Box<Sleep>>)>,
    write_timer: Option<Pin<Box<Sleep>>>,
    /// Read, not yet judged: what came before the request in front of it was answered.
    ahead: Vec<u8>,
    /// Judged, not yet taken by hyper.
    released: Vec<u8>,
    released_taken: usize,
    /// How many answers have left completely.
    answers_flushed: u64,
    input: Input,
}

/// A connection that is over for HTTP.
#[derive(Debug)]
pub struct Ended<S> {
    pub stream: S,
    /// What still has to be answered: found in a head. What is found in a body is for the service
    /// that reads the body.
    pub violation: Option<Violation>,
    pub linger: Linger,
}

/// Whether the client may still be sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linger {
    Close,
    ReadOn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Open,
    /// Nothing came for a while between two requests: hyper hears that it has ended, and is made
    /// anew when more comes.
    Resting,
    Ended,
}

/// The most bytes that are read before their turn.
const AHEAD_BYTES_MAX: usize = 8 * 1024;

/// The size of one read.
const READ_BYTES: usize = 8 * 1024;

/// What an idle stream keeps of a buffer.
const BUFFER_BYTES_KEPT: usize = 2 * 1024;

impl<S: AsyncRead + AsyncWrite + Unpin> GuardedStream<S> {
    /// Guards a connection from its first byte.
    pub fn new(inner: S, limits: Limits, timeouts: Timeouts, progress: Arc<Progress>) -> Self {
        Self {
            inner,
            guard: Guard::new(limits),
            progress,
            timeouts,
            timer: None,
            write_timer: None,
            ahead: Vec::new(),
            released: Vec::new(),
            released_taken: 0,
            answers_flushed: 0,
            input: Input::Open,
        }
    }

    /// Takes the connection back when no more is read from it.
    pub fn into_ended(self) -> Ended<S> {
        let in_body = self.progress.refused_in_body().is_some();
        let (violation, linger) = match self.guard.place() {
            Place::Refused(violation) if !in_body => (Some(violation), Linger::ReadOn),
            Place::Refused(_) | Place::Head | Place::Body | Place::End => (None, Linger::ReadOn),
            Place::Before | Place::After => (None, Linger::Close),
        };
        let linger = if self.input == Input::Ended && violation.is_none() {
            Linger::Close
        } else {
            linger
        };
        Ended {
            stream: self.inner,
            violation,
            linger,
        }
    }

    /// Takes the connection back when it has left HTTP: what was read after the request that made it
    /// leave is not judged and is no request. `taken` was read on from here already.
    pub fn into_tunnel(self, taken: &[u8]) -> Duplex
    where
        S: Send + 'static,
    {
        let released = self.released.get(self.released_taken..).unwrap_or_default();
        let first = [taken, released, &self.ahead].concat();
        Duplex::new(first.into(), self.inner, ())
    }

    /// Judges bytes that were read; moves what passes to `released`.
    fn judge(&mut self, bytes: &[u8]) {
        let before = self.guard.place();
        let fed = self.guard.feed(bytes, &mut self.released);
        let rest = bytes.get(fed.consumed..).unwrap_or_default();
        match fed.verdict {
            Verdict::More => {}
            Verdict::RequestEnd => self.ahead.extend_from_slice(rest),
            Verdict::Refuse(violation) => self.note_refusal(before, violation),
        }
    }

    fn note_refusal(&mut self, before: Place, violation: Violation) {
        let requests_open = self.guard.requests_begun() > self.answers_flushed;
        if before == Place::Body || requests_open {
            self.progress.refuse_in_body(violation);
        }
    }

    /// Waits between two requests: the next is not judged before the last is answered. Reads on,
    /// within bounds, to notice that the client has gone.
    fn hold(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.progress.wait_as_reader(cx);
        while self.input == Input::Open && self.ahead.len() < AHEAD_BYTES_MAX {
            let put_by = |this: &mut Self, bytes: &[u8]| this.ahead.extend_from_slice(bytes);
            ready!(self.poll_input(cx, put_by))?;
            if self.input == Input::Ended {
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Pending
    }

    /// Reads and judges until something passes, the input ends, or there is nothing to read.
    fn read_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let ahead = std::mem::take(&mut self.ahead);
            self.judge(&ahead);
            return Poll::Ready(Ok(()));
        }
        if self.input != Input::Open {
            return Poll::Ready(Ok(()));
        }
        let judge = |this: &mut Self, bytes: &[u8]| {
            if this.guard.place() == Place::Body {
                this.timer = None;
            }
            this.judge(bytes);
        };
        match self.poll_input(cx, judge) {
            Poll::Pending => self.poll_timer(cx),
            Poll::Ready(read) => Poll::Ready(read),
        }
    }

    /// Reads once: gives what came to `take`, or notes that nothing comes any more.
    fn poll_input(
        &mut self,
        cx: &mut Context<'_>,
        take: impl FnOnce(&mut Self, &[u8]),
    ) -> Poll<io::Result<()>> {
        let mut space = [const { MaybeUninit::uninit() }; READ_BYTES];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buffer))?;
        match buffer.filled() {
            [] => self.input = Input::Ended,
            bytes => take(self, bytes),
        }
        Poll::Ready(Ok(()))
    }

    /// Runs the timer of the place where the guard stands; when it fires, the input is over.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let place = self.guard.place();
        let timeouts = self.timeouts;
        let (wait, input, violation) = match place {
            Place::Before | Place::After if self.rests() => (REST_AFTER, Input::Resting, None),
            Place::Before | Place::After => (timeouts.idle, Input::Ended, None),
            Place::Head => (timeouts.head, Input::Ended, Some(Violation::HeadTimeout)),
            Place::Body => (timeouts.body, Input::Ended, Some(Violation::BodyTimeout)),
            Place::End | Place::Refused(_) => return Poll::Pending,
        };
        if self.timer.as_ref().is_none_or(|(timed, _)| *timed != place) {
            self.timer = Some((place, Box::pin(tokio::time::sleep(wait))));
        }
        if let Some((_, sleep)) = &mut self.timer {
            ready!(sleep.as_mut().poll(cx));
        }
        self.input = input;
        if let Some(violation) = violation {
            self.guard.refuse(violation);
            self.note_refusal(place, violation);
        }
        Poll::Ready(Ok(()))
    }

    /// Lets a write that stands still wait for so long only.
    fn bound_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_timer = None;
            return written;
        }
        let wait = self.timeouts.write;
        let timer = self
            .write_timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(wait)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn take_released(&mut self, to: &mut ReadBuf<'_>) {
        let rest = self.released.get(self.released_taken..).unwrap_or_default();
        let count = rest.len().min(to.remaining());
        to.put_slice(rest.get(..count).unwrap_or_default());
        self.released_taken += count;
        if self.released_taken >= self.released.len() {
            self.released.clear();
            self.released.shrink_to(BUFFER_BYTES_KEPT);
            self.released_taken = 0;
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for GuardedStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if !this.released.is_empty() {
                this.take_released(to);
                return Poll::Ready(Ok(()));
            }
            let answered = this.answers_flushed >= this.guard.requests_begun();
            match this.guard.place() {
                Place::After | Place::End if !answered => return this.hold(cx),
                Place::End | Place::Refused(_) => return Poll::Ready(Ok(())),
                Place::After => {
                    this.timer = None;
                    this.guard.proceed();
                }
                Place::Before | Place::Head | Place::Body => {}
            }
            let drained = this.ahead.is_empty() && this.input != Input::Open;
            if drained {
                return Poll::Ready(Ok(()));
            }
            ready!(this.read_more(cx))?;
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for GuardedStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write(cx, bytes);
        this.bound_write(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write_vectored(cx, slices);
        this.bound_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    /// Once this is ready, every answer that ended before it has left whole: the next request may
    /// be judged, or the end of input shown, without cutting an answer short.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.inner).poll_flush(cx);
        ready!(this.bound_write(cx, flushed))?;
        let answered = this.progress.answered.load(Ordering::Acquire);
        if answered > this.answers_flushed {
            this.answers_flushed = answered;
            this.progress.wake_reader();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

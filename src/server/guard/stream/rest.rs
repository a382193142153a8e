//! Connections between two requests, of which there are many: nothing but the stream and the guard
//! is kept for them.

use std::future::poll_fn;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::{GuardedStream, Input};

/// How long nothing has to come before a connection rests.
pub(super) const REST_AFTER: Duration = Duration::from_secs(1);

/// What became of a connection that rested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awake {
    /// The next request begins.
    Request,
    /// The client has gone, or nothing came for as long as it may idle.
    Over,
}

impl<S: AsyncRead + AsyncWrite + Unpin> GuardedStream<S> {
    /// Whether it is worth resting at all.
    pub(super) fn rests(&self) -> bool {
        self.timeouts.idle > 2 * REST_AFTER
    }

    /// Whether nothing came for a while: whoever read here was told that the input had ended.
    #[must_use]
    pub fn is_resting(&self) -> bool {
        self.input == Input::Resting
    }

    /// Lets go of what only a request needs, and waits for the next one, for the rest of the time
    /// that a connection may idle. May be dropped and called again; then that time begins anew.
    pub async fn awake(&mut self) -> Awake {
        self.timer = None;
        self.write_timer = None;
        self.released = Vec::new();
        let idle = self.timeouts.idle.saturating_sub(REST_AFTER);
        self.input = Input::Open;
        let read = poll_fn(|cx| self.poll_input(cx, Self::judge));
        let read = tokio::time::timeout(idle, read).await;
        if !matches!(read, Ok(Ok(()))) {
            self.input = Input::Ended;
        }
        match self.input {
            Input::Open | Input::Resting => Awake::Request,
            Input::Ended => Awake::Over,
        }
    }
}

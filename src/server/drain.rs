//! Going away without dropping anyone: one signal to all, and how long they may take.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::wire::tunnel;

use super::ServerError;

/// How far the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Connections are accepted and requests answered.
    Open,
    /// None is accepted; requests under way are answered, then connections close.
    Draining,
    /// Everything ends where it stands.
    Now,
}

/// Tells everyone to go.
#[derive(Debug)]
pub struct Drain {
    stage: watch::Sender<Stage>,
}

/// Hears when to go.
#[derive(Debug, Clone)]
pub struct Drained {
    stage: watch::Receiver<Stage>,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            stage: watch::Sender::new(Stage::Open),
        }
    }
}

impl Drain {
    #[must_use]
    pub fn listen(&self) -> Drained {
        Drained {
            stage: self.stage.subscribe(),
        }
    }

    /// Stops accepting and lets what is under way end.
    pub fn begin(&self) {
        self.advance(Stage::Draining);
    }

    /// Ends everything.
    pub fn now(&self) {
        self.advance(Stage::Now);
    }

    /// Whether it has begun.
    #[must_use]
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Begins with the first SIGTERM or SIGINT; ends all with the second, or after `bound`.
    /// Returns when the last stage is reached; its owner drops it when all are gone before.
    pub async fn on_signals(&self, bound: Duration) -> Result<(), ServerError> {
        let mut signals = Signals::hear()?;
        signals.told().await;
        self.begin();
        self.cut(&mut signals, bound).await;
        Ok(())
    }

    /// Ends everything at the next signal, or after `bound`.
    pub async fn cut(&self, signals: &mut Signals, bound: Duration) {
        tokio::select! {
            () = signals.told() => {}
            () = tokio::time::sleep(bound) => {}
        }
        self.now();
    }

    fn advance(&self, to: Stage) {
        self.stage.send_if_modified(|stage| {
            let later = to > *stage;
            *stage = to.max(*stage);
            later
        });
    }
}

/// When what lasts must end: so long after the first signal.
#[derive(Debug, Clone)]
pub struct Leaving {
    drained: Drained,
    bound: Duration,
}

impl Leaving {
    #[must_use]
    pub const fn new(drained: Drained, bound: Duration) -> Self {
        Self { drained, bound }
    }

    /// The same, for a tunnel.
    #[must_use]
    pub fn of_tunnel(&self) -> tunnel::Leaving {
        tunnel::Leaving(Box::pin(self.clone().reached()))
    }

    /// Waits for the moment to end in good order.
    pub async fn reached(mut self) {
        self.drained.reached(Stage::Draining).await;
        tokio::select! {
            () = tokio::time::sleep(self.bound) => {}
            () = self.drained.reached(Stage::Now) => {}
        }
    }
}

/// SIGTERM and SIGINT, which both say: end.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on they no longer end the process by themselves.
    pub fn hear() -> Result<Self, ServerError> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(ServerError::Signals)?,
            interrupt: signal(SignalKind::interrupt()).map_err(ServerError::Signals)?,
        })
    }

    /// Waits for the next.
    pub async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

impl Drained {
    /// How far the end is.
    #[must_use]
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Waits for this stage or a later one; a dropped [`Drain`] means now.
    pub async fn reached(&mut self, wanted: Stage) {
        let _ = self.stage.wait_for(|stage| *stage >= wanted).await;
    }
}

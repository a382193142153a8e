//! A gateway that runs: its listeners, its drain, its end.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use crate::app::doors::Reload;
use crate::app::error::AppError;
use crate::gateway::Gateway;
use crate::server::ServerError;
use crate::server::drain::{Drain, Drained, Signals, Stage};
use crate::server::life::handover::{Heir, Program};
use crate::server::life::notify::Notifier;
use crate::server::life::sockets::Sockets;

/// A gateway whose listeners are bound. Dropping it cuts everything off.
pub struct Running {
    pub(super) portal: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) drain: Arc<Drain>,
    pub(super) gateway: Arc<Gateway>,
    pub(super) reload: Arc<Reload>,
    pub(super) kept: crate::app::identity::Kept,
    /// Public listeners: drained first.
    pub(super) public: JoinSet<()>,
    /// Admin listener and control socket: answer to the last.
    pub(super) inner: JoinSet<()>,
    /// The listening sockets once more, for a process that takes over.
    pub(super) held: Option<Sockets>,
    pub(super) notifier: Notifier,
}

/// How long requests under way may take: at an end, and while another process waits.
#[derive(Debug, Clone, Copy)]
pub(in crate::app) struct Bounds {
    pub(super) drain: Duration,
    pub(super) handover: Duration,
}

/// How it ended.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it, once")]
pub(in crate::app) enum Ended {
    Stopped,
    /// All is closed but the sockets; the next process waits for a word.
    HandedOver(Heir, Sockets),
}

impl Running {
    /// Where the portal listens.
    #[must_use]
    pub const fn portal(&self) -> SocketAddr {
        self.portal
    }

    /// Where health and metrics are.
    #[must_use]
    pub const fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Runs until the first SIGTERM or SIGINT, drains for at most `bound`, and ends. SIGHUP reloads.
    ///
    /// # Errors
    /// When signals cannot be received.
    pub async fn until_signalled(self, bound: Duration) -> Result<(), AppError> {
        let mut told = Told::hear()?;
        let bounds = Bounds {
            drain: bound,
            handover: bound,
        };
        self.until_told(bounds, None, &mut told).await.map(|_| ())
    }

    /// The same; SIGUSR2 starts `program` and hands over to it. If it does not get ready, this goes
    /// on as if nothing had been said.
    pub(in crate::app) async fn until_told(
        mut self,
        bounds: Bounds,
        program: Option<&Program>,
        told: &mut Told,
    ) -> Result<Ended, AppError> {
        let drain = Arc::clone(&self.drain);
        let Told {
            signals,
            handovers,
            hangups,
        } = told;
        let hangups = match hangups.take() {
            Some(hangups) => hangups,
            None => signal(SignalKind::hangup()).map_err(ServerError::Signals)?,
        };
        let reloading = reload_at(hangups, Arc::clone(&self.reload), drain.listen());
        self.inner.spawn(reloading);
        let mut heir = None;
        while heir.is_none() {
            tokio::select! {
                () = signals.told() => break,
                () = joined(&mut self.public) => break,
                Some(()) = handovers.recv() => {}
            }
            tokio::select! {
                () = signals.told() => break,
                raised = raise(program, self.held.as_ref()) => heir = raised,
            }
        }
        let handed = heir.zip(self.held.take());
        let bound = match &handed {
            Some(_) => bounds.handover,
            None => bounds.drain,
        };
        if handed.is_none() {
            self.notifier.stopping();
        }
        drain.begin();
        tokio::select! {
            () = drain.cut(signals, bound) => {}
            () = joined(&mut self.public) => {}
        }
        if let Some((heir, _)) = &handed
            && let Some(process) = heir.process()
        {
            self.notifier.succeeded_by(process);
        }
        self.end().await;
        Ok(match handed {
            Some((heir, sockets)) => Ended::HandedOver(heir, sockets),
            None => Ended::Stopped,
        })
    }

    /// Ends in good order: what is under way is finished, for at most `bound`.
    pub async fn stop(mut self, bound: Duration) {
        self.held = None;
        self.drain.begin();
        tokio::select! {
            () = joined(&mut self.public) => {}
            () = tokio::time::sleep(bound) => {}
        }
        self.end().await;
    }

    async fn end(mut self) {
        self.drain.now();
        joined(&mut self.public).await;
        self.gateway.drain().await;
        joined(&mut self.inner).await;
        self.kept.close().await;
        drop(self.reload);
        // The listeners' tasks held it, and have ended.
        match Arc::into_inner(self.gateway) {
            Some(gateway) => gateway.close().await,
            None => tracing::warn!(target: "muhrdor::serve", "a request was cut off at the end"),
        }
    }
}

/// What an operator says by signals. Heard before the process says that it is ready: a signal that
/// nobody hears ends it.
#[derive(Debug)]
pub(in crate::app) struct Told {
    signals: Signals,
    handovers: Signal,
    /// Until someone reloads at them.
    hangups: Option<Signal>,
}

impl Told {
    pub(in crate::app) fn hear() -> Result<Self, ServerError> {
        let heard = |kind| signal(kind).map_err(ServerError::Signals);
        Ok(Self {
            signals: Signals::hear()?,
            handovers: heard(SignalKind::user_defined2())?,
            hangups: Some(heard(SignalKind::hangup())?),
        })
    }
}

/// Starts the next process; a failure is told of.
async fn raise(program: Option<&Program>, held: Option<&Sockets>) -> Option<Heir> {
    let (program, held) = (program?, held?);
    if std::process::id() == FIRST_PROCESS {
        tracing::error!(
            target: "muhrdor::serve",
            "not handed over; with its first process a container ends, so start another container"
        );
        return None;
    }
    tracing::info!(target: "muhrdor::serve", program = %program.path.display(), "handing over");
    match Heir::raise(program, held).await {
        Ok(heir) => Some(heir),
        Err(cause) => {
            let cause = AppError::from(cause).told();
            tracing::error!(target: "muhrdor::serve", cause, "not handed over; serving on");
            None
        }
    }
}

/// Takes what the files say now, each time it is told to; one that fails is told of, and nothing
/// changes.
async fn reload_at(mut hangups: Signal, reload: Arc<Reload>, mut drained: Drained) {
    loop {
        tokio::select! {
            biased;
            () = drained.reached(Stage::Now) => return,
            Some(()) = hangups.recv() => {}
        }
        let reload = Arc::clone(&reload);
        // It reads files, and says itself what it took.
        match tokio::task::spawn_blocking(move || reload.run()).await {
            Ok(Ok(_)) => {}
            Ok(Err(cause)) => {
                tracing::error!(target: "muhrdor::control", cause = %cause.told(), "not reloaded");
            }
            Err(_) => tracing::error!(target: "muhrdor::control", "the reload broke off"),
        }
    }
}

/// The process with which all others of its namespace end.
const FIRST_PROCESS: u32 = 1;

async fn joined(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("portal", &self.portal)
            .field("admin", &self.admin)
            .finish_non_exhaustive()
    }
}

//! The life of the process: it begins, serves, and ends or goes on in another.

mod opening;
mod running;

use std::sync::Arc;
use std::time::Duration;

use crate::app::error::AppError;
use crate::clock::Clock;
use crate::config::Config;
use crate::server::life::handover::{Predecessor, Program};
use crate::server::life::notify::Notifier;
use crate::server::life::sockets::Sockets;

use running::{Bounds, Ended, Told};

pub(super) use opening::prepare;
pub use running::Running;

/// What a process begins with.
#[derive(Debug)]
pub struct Life {
    /// How the next one is started at SIGUSR2.
    pub program: Program,
    /// Sockets that were handed to the process: public, then admin.
    pub sockets: Vec<std::net::TcpListener>,
    /// The process that hands over to this one.
    pub predecessor: Option<Predecessor>,
    pub notifier: Notifier,
}

/// Serves until a signal ends it, or another process has taken over. A hand-over that fails is told
/// of, and this process serves on.
///
/// # Errors
/// As [`crate::app::start`]; and when the predecessor ends before it has handed over.
pub async fn live(config: Config, clock: Arc<dyn Clock>, life: Life) -> Result<(), AppError> {
    let config = Arc::new(config);
    let ms = |ms: u32| Duration::from_millis(u64::from(ms));
    let bounds = Bounds {
        drain: ms(config.timeouts.drain_ms_max),
        handover: ms(config.timeouts.handover_ms_max),
    };
    let mut told = Told::hear()?;
    let notifier = life.notifier;
    let begin = |sockets| prepare(Arc::clone(&config), Arc::clone(&clock), sockets, &notifier);
    let (public, admin) = (config.listen.public, config.listen.admin);
    let prepared = begin(Sockets::of(life.sockets, public, admin).await?).await?;
    let mut running = match life.predecessor {
        None => prepared.open().await?,
        Some(mut predecessor) => {
            predecessor.prepared().await?;
            let running = prepared.open().await?;
            if let Err(cause) = predecessor.serving().await {
                // It has given everything away: nobody but this process is left to serve.
                tracing::warn!(target: "muhrdor::serve", %cause, "taken over from nobody");
            }
            running
        }
    };
    loop {
        notifier.ready();
        let (portal, admin) = (running.portal(), running.admin());
        let process = std::process::id();
        tracing::info!(target: "muhrdor::serve", %portal, %admin, process, "ready");
        let (heir, sockets) = match running
            .until_told(bounds, Some(&life.program), &mut told)
            .await?
        {
            Ended::Stopped => {
                tracing::info!(target: "muhrdor::serve", process, "ended");
                return Ok(());
            }
            Ended::HandedOver(heir, sockets) => (heir, sockets),
        };
        match heir.take_over().await {
            Ok(()) => {
                tracing::info!(target: "muhrdor::serve", process, "handed over");
                return Ok(());
            }
            Err(cause) => {
                let cause = AppError::from(cause).told();
                tracing::error!(target: "muhrdor::serve", cause, "not handed over; beginning anew");
                notifier.succeeded_by(process);
            }
        }
        running = begin(sockets).await?.open().await?;
    }
}

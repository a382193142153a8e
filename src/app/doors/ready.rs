//! What keeps the gateway from taking requests, looked for beside them.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;

use crate::identity::session::Sessions;
use crate::journal::Journal;
use crate::server::drain::{Drained, Stage};
use crate::server::health::Readiness;

/// How often the journal is looked at: a full disk shows before a request meets it.
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// Whether requests that are recorded, and those of people who signed in, can be served.
#[derive(Debug)]
pub(in crate::app) struct Ready {
    journal: Arc<Journal>,
    sessions: Arc<Sessions>,
    /// What the last look found; asking the disk may block, and a probe must not.
    unrecorded: ArcSwapOption<String>,
}

impl Ready {
    /// Nothing is known before the first [`Ready::look`].
    pub(in crate::app) const fn new(journal: Arc<Journal>, sessions: Arc<Sessions>) -> Self {
        Self {
            journal,
            sessions,
            unrecorded: ArcSwapOption::const_empty(),
        }
    }

    /// Looks once.
    pub(in crate::app) async fn look(&self) {
        let obstacle = self.journal.obstacle().await;
        if let Some(cause) = &obstacle
            && self.unrecorded.load().is_none()
        {
            tracing::error!(target: "muhrdor::ready", %cause, "recorded operations are refused");
        }
        let line = obstacle.map(|cause| format!("recorded operations are refused: {cause}"));
        self.unrecorded.store(line.map(Arc::new));
    }

    /// Looks again and again, to the last stage.
    pub(in crate::app) async fn watch(self: Arc<Self>, mut drained: Drained) {
        let looking = async {
            loop {
                tokio::time::sleep(LOOK_PAUSE).await;
                self.look().await;
            }
        };
        tokio::select! {
            biased;
            () = drained.reached(Stage::Now) => {}
            () = looking => {}
        }
    }
}

impl Readiness for Ready {
    fn obstacles(&self) -> Vec<String> {
        let unrecorded = self.unrecorded.load_full();
        let mut obstacles: Vec<String> = unrecorded.as_deref().cloned().into_iter().collect();
        if !self.sessions.are_followed() {
            obstacles.push("sessions cannot be read".to_owned());
        }
        obstacles
    }
}

//! What the room shares with the task that follows the store's changes.

use std::sync::Arc;
use std::time::Duration;

use ring::rand::SecureRandom;
use tokio::sync::watch;
use tokio::task;

use crate::clock::Clock;
use crate::domain::name::RealmId;
use crate::domain::time::Timestamp;
use crate::identity::session::memory::Memory;
use crate::identity::session::record::Record;
use crate::identity::session::{
    Changed, Handle, RowKey, Session, SessionBounds, SessionError, SessionSettings, SessionStore,
    SessionStoreError,
};
use crate::keys::{Pseudonym, Vault};

/// How often rows that are of no use any more are looked for, in polls.
const POLLS_A_SWEEP: u32 = 120;
/// Rows that one sweep removes at most.
const SWEEP_ROWS_MAX: u32 = 1_000;

/// One look for ended sessions.
#[derive(Debug, Clone, Default)]
pub(in crate::identity) struct Look {
    number: u64,
    changed: Changed,
}

impl Look {
    /// `None` where nobody could say.
    fn found(&mut self, changed: Option<Changed>) {
        self.number = self.number.wrapping_add(1);
        self.changed = changed.unwrap_or_default();
    }

    pub(in crate::identity) const fn number(&self) -> u64 {
        self.number
    }

    /// Whether a session may have ended or changed since the look with the number `seen`.
    pub(in crate::identity) fn concerns(&self, key: &RowKey, seen: u64) -> bool {
        let missed = self.number.wrapping_sub(seen) > 1;
        missed || self.changed.everything || self.changed.keys.contains(key)
    }
}

/// What the room shares with the task that looks for ended sessions.
pub(super) struct Parts {
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) settings: SessionSettings,
    pub(super) vault: Arc<Vault>,
    pub(super) pseudonym: Arc<Pseudonym>,
    pub(super) random: Arc<dyn SecureRandom + Send + Sync>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) memory: Memory,
    /// What each look for ended sessions found.
    pub(super) looks: watch::Sender<Look>,
}

impl Parts {
    /// Asks the store, which blocks, from a thread that may wait.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn SessionStore) -> Result<T, SessionStoreError> + Send + 'static,
    ) -> Result<T, SessionError> {
        let store = Arc::clone(&self.store);
        let asked = task::spawn_blocking(move || question(&*store)).await;
        Ok(asked.map_err(|_| SessionError::CutOff)??)
    }

    pub(super) fn bounds(&self, realm: &RealmId) -> Result<SessionBounds, SessionError> {
        let bounds = self.settings.realms.get(realm).copied();
        bounds.ok_or_else(|| SessionError::Realm(realm.clone()))
    }

    pub(super) fn idle_until(
        &self,
        realm: &RealmId,
        now: Timestamp,
    ) -> Result<Timestamp, SessionError> {
        Ok(now.plus_ms(i64::from(self.bounds(realm)?.idle_seconds_max) * 1000))
    }

    /// Writes a use down. Whether the session is still there: another node may have removed it, and
    /// of what is not there nobody would be told that it ended.
    pub(super) async fn write_use(
        &self,
        key: RowKey,
        idle_until: Timestamp,
    ) -> Result<bool, SessionError> {
        let written = self.ask(move |store| store.used(&key, idle_until)).await;
        if !matches!(written, Ok(true)) {
            self.memory.forget(&key);
        }
        written
    }

    pub(super) fn seal(&self, handle: &Handle, session: &Session) -> Result<Vec<u8>, SessionError> {
        let written = Record::of(session)?.write()?;
        handle
            .seal(&written, &self.vault, &*self.random)
            .map_err(SessionError::Key)
    }

    /// The session of a row. `None` when its realm is not kept any more.
    pub(super) fn unseal(
        &self,
        handle: &Handle,
        sealed: &[u8],
    ) -> Result<Option<Session>, SessionError> {
        let written = handle.open(sealed, &self.vault)?;
        let session = Record::read(&written)?.session(&self.pseudonym)?;
        Ok(self
            .settings
            .realms
            .contains_key(&session.realm)
            .then_some(session))
    }

    /// Forgets what has changed elsewhere since the last look.
    pub(super) async fn catch_up(&self) -> Result<(), SessionError> {
        let (since, began) = (self.memory.sequence(), self.clock.monotonic());
        let changed = self.ask(move |store| store.changed_since(since)).await?;
        self.memory.caught_up(&changed, began);
        self.looks.send_modify(|look| look.found(Some(changed)));
        Ok(())
    }

    async fn sweep(&self) -> Result<(), SessionError> {
        let now = self.clock.now();
        let longest = self
            .settings
            .realms
            .values()
            .map(|bounds| bounds.seconds_max)
            .max();
        let kept_since = now.plus_ms(-1000 * i64::from(longest.unwrap_or_default()));
        self.ask(move |store| store.sweep(now, kept_since, SWEEP_ROWS_MAX))
            .await
    }
}

pub(super) async fn watch_changes(parts: Arc<Parts>, mut stopped: watch::Receiver<bool>) {
    let pause = Duration::from_millis(u64::from(parts.settings.revocation_poll_ms));
    let mut polls = 0_u32;
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            () = tokio::time::sleep(pause) => {}
        }
        polls = polls.wrapping_add(1);
        let mut outcome = parts.catch_up().await;
        if polls.is_multiple_of(POLLS_A_SWEEP) && outcome.is_ok() {
            outcome = parts.sweep().await;
        }
        if let Err(cause) = outcome {
            parts.looks.send_modify(|look| look.found(None));
            tracing::warn!(target: "muhrdor::sessions", %cause, "sessions cannot be looked after");
        }
    }
}

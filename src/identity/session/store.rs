//! Where sessions are kept: rows under a digest, with what cannot be read without the handle.

use std::fmt;

use crate::domain::time::Timestamp;

/// The SHA-256 of a session's handle.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey(pub [u8; 32]);

/// A session as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRow {
    pub key: RowKey,
    /// When it ends if it is not used.
    pub idle_until: Timestamp,
    /// When it ends however it is used.
    pub ends: Timestamp,
    pub sealed: Vec<u8>,
}

/// What has changed since a look before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    /// The last change there is; what to look from the next time.
    pub sequence: u64,
    /// Sessions that ended or were rewritten.
    pub keys: Vec<RowKey>,
    /// There were more than are kept: nothing remembered is to be believed.
    pub everything: bool,
}

/// Why a store does not answer.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action}")]
pub struct SessionStoreError {
    pub action: &'static str,
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Keeps sessions. Methods block; they may be called from several threads at once. What returns
/// `Ok` is durable, except for [`SessionStore::used`]. Every end and every replacement has a number
/// in one sequence that all readers of the store see.
pub trait SessionStore: Send + Sync + fmt::Debug {
    /// Adds a session; its key is new.
    fn insert(&self, row: &SessionRow) -> Result<(), SessionStoreError>;

    fn get(&self, key: &RowKey) -> Result<Option<SessionRow>, SessionStoreError>;

    /// Moves the idle end. Whether there is such a session.
    fn used(&self, key: &RowKey, idle_until: Timestamp) -> Result<bool, SessionStoreError>;

    /// Replaces what is sealed. Whether there is such a session.
    fn replace(
        &self,
        key: &RowKey,
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<bool, SessionStoreError>;

    /// Removes a session. Whether there was one.
    fn end(&self, key: &RowKey, at: Timestamp) -> Result<bool, SessionStoreError>;

    /// All changes after `sequence`.
    fn changed_since(&self, sequence: u64) -> Result<Changed, SessionStoreError>;

    /// Removes up to `rows_max` sessions that have ended by `now`, and as many changes from before
    /// `kept_since`.
    fn sweep(
        &self,
        now: Timestamp,
        kept_since: Timestamp,
        rows_max: u32,
    ) -> Result<(), SessionStoreError>;
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, ..] = self.0;
        write!(f, "RowKey({a:02x}{b:02x}{c:02x}…)")
    }
}

impl fmt::Debug for SessionRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRow")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

//! Sessions in this process's memory.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::domain::time::Timestamp;
use crate::identity::session::{Changed, RowKey, SessionRow, SessionStore, SessionStoreError};
use crate::store::memory::hold;

/// [`SessionStore`]: nothing outlives the process.
#[derive(Debug, Default)]
pub struct MemorySessions(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rows: HashMap<RowKey, SessionRow>,
    /// The last change, and those that are kept, the oldest first.
    sequence: u64,
    changes: Vec<(u64, RowKey, Timestamp)>,
    /// The last change that was swept away.
    swept: u64,
}

impl Inner {
    fn change(&mut self, key: RowKey, at: Timestamp) {
        self.sequence += 1;
        self.changes.push((self.sequence, key, at));
    }
}

impl SessionStore for MemorySessions {
    fn insert(&self, row: &SessionRow) -> Result<(), SessionStoreError> {
        hold(&self.0).rows.insert(row.key, row.clone());
        Ok(())
    }

    fn get(&self, key: &RowKey) -> Result<Option<SessionRow>, SessionStoreError> {
        Ok(hold(&self.0).rows.get(key).cloned())
    }

    fn used(&self, key: &RowKey, idle_until: Timestamp) -> Result<bool, SessionStoreError> {
        let mut inner = hold(&self.0);
        let Some(row) = inner.rows.get_mut(key) else {
            return Ok(false);
        };
        row.idle_until = idle_until;
        Ok(true)
    }

    fn replace(
        &self,
        key: &RowKey,
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<bool, SessionStoreError> {
        let mut inner = hold(&self.0);
        let Some(row) = inner.rows.get_mut(key) else {
            return Ok(false);
        };
        row.sealed = sealed.to_vec();
        inner.change(*key, at);
        Ok(true)
    }

    fn end(&self, key: &RowKey, at: Timestamp) -> Result<bool, SessionStoreError> {
        let mut inner = hold(&self.0);
        let ended = inner.rows.remove(key).is_some();
        if ended {
            inner.change(*key, at);
        }
        Ok(ended)
    }

    fn changed_since(&self, sequence: u64) -> Result<Changed, SessionStoreError> {
        let inner = hold(&self.0);
        let later = inner
            .changes
            .iter()
            .filter(|(number, ..)| *number > sequence);
        Ok(Changed {
            sequence: inner.sequence,
            keys: later.map(|(_, key, _)| *key).collect(),
            everything: sequence < inner.swept,
        })
    }

    fn sweep(
        &self,
        now: Timestamp,
        kept_since: Timestamp,
        rows_max: u32,
    ) -> Result<(), SessionStoreError> {
        let mut inner = hold(&self.0);
        let mut left = rows_max;
        inner.rows.retain(|_, row| {
            let over = row.idle_until <= now || row.ends <= now;
            let goes = over && left > 0;
            left -= u32::from(goes);
            !goes
        });
        let rows_max = usize::try_from(rows_max).unwrap_or(usize::MAX);
        let old = inner.changes.iter().take_while(|(.., at)| *at < kept_since);
        let goes = old.take(rows_max).count();
        let swept = inner.changes.drain(..goes).next_back();
        if let Some((number, ..)) = swept {
            inner.swept = number;
        }
        Ok(())
    }
}

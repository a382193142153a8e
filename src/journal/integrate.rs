//! From the ledger into its log: in order, within a second, and again after a stop.
//!
//! Row and leaf have the same number. The log is written after the ledger, so it never knows more.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::{task, time};

use crate::journal::{JournalError, Ledger, LedgerHead, LedgerPosition, Link};
use crate::tlog::proof::TileReader;
use crate::tlog::{Fatal, Leaf, Tlog, TlogError};

/// Refuses a ledger that is older than its log, or whose end is not what chain and log say.
pub(super) fn check_tail(
    ledger: &dyn Ledger,
    tlog: &Tlog,
    head: &LedgerHead,
) -> Result<(), JournalError> {
    let (rows, leaves) = (head.next.0, tlog.published().head.size);
    if leaves > rows {
        return Err(JournalError::LedgerBehind {
            ledger: rows,
            log: leaves,
        });
    }
    if let Some(last) = rows.checked_sub(1) {
        let from = last.saturating_sub(1);
        let tail = ledger.read(LedgerPosition(from), 2)?;
        let before = tail
            .iter()
            .rev()
            .nth(1)
            .map_or(Link::BEGINNING, |row| row.link);
        let chained = tail.last().is_some_and(|row| {
            row.position.0 == last
                && row.link == before.then(row.position, &row.leaf)
                && row.link == head.link
        });
        if !chained {
            return Err(JournalError::BrokenTail);
        }
    }
    if let Some(last) = leaves.checked_sub(1) {
        let tile = TileReader::new(tlog.tiles().as_ref(), leaves).tile(0, last)?;
        let row = ledger.read(LedgerPosition(last), 1)?;
        if row.first().map(|row| row.leaf) != tile.last().copied() {
            return Err(JournalError::BrokenTail);
        }
    }
    Ok(())
}

/// Follows the ledger until it ends for good.
pub(super) async fn run(
    ledger: Arc<dyn Ledger>,
    tlog: Arc<Tlog>,
    mut follow: watch::Receiver<u64>,
    fatal: Fatal,
) {
    let mut next = tlog.published().head.size;
    loop {
        let written = *follow.borrow_and_update();
        while next < written {
            match integrate(&ledger, &tlog, next).await {
                Ok(after) => next = after,
                // The log stops the process itself when it is in doubt.
                Err(JournalError::Stopped | JournalError::Tlog(TlogError::Stopped)) => return,
                Err(
                    error @ (JournalError::Tlog(TlogError::Busy | TlogError::NoSpace)
                    | JournalError::Ledger(_)),
                ) => {
                    tracing::error!(%error, "journal entries wait to be integrated");
                    time::sleep(RETRY).await;
                }
                Err(error) => {
                    fatal.stop(&error);
                    return;
                }
            }
        }
        if follow.changed().await.is_err() {
            return;
        }
    }
}

/// Writes the leaves of some rows from `next` on; says where to go on.
async fn integrate(ledger: &Arc<dyn Ledger>, tlog: &Tlog, next: u64) -> Result<u64, JournalError> {
    let ledger = Arc::clone(ledger);
    let read = move || ledger.read(LedgerPosition(next), BATCH_ROWS_MAX);
    let rows = task::spawn_blocking(read)
        .await
        .map_err(|_| JournalError::Stopped)??;
    let contiguous = (next..).zip(&rows).all(|(n, row)| row.position.0 == n);
    if rows.is_empty() || !contiguous {
        return Err(JournalError::NoEntry(next));
    }
    let leaves: Vec<Leaf> = rows.iter().map(|row| Leaf::hashed(row.leaf)).collect();
    let positions = tlog.append_together(leaves).await?;
    match positions.first() {
        Some(first) if first.index == next => Ok(next + positions.len() as u64),
        Some(_) | None => Err(JournalError::BrokenTail),
    }
}

const BATCH_ROWS_MAX: u32 = 4096;
const RETRY: Duration = Duration::from_millis(500);

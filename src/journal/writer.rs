//! The thread that writes the ledger: entries that wait are committed together.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::Stopwatch;
use crate::journal::{
    JournalError, Ledger, LedgerError, LedgerHead, LedgerPosition, LedgerRow, SealedEntry,
};
use crate::telemetry::meters::Commits;
use crate::tlog::Fatal;

/// One entry that waits, and who waits for it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) sealed: SealedEntry,
    pub(super) answer: oneshot::Sender<Result<LedgerPosition, JournalError>>,
}

#[derive(Debug)]
pub(super) struct Writer {
    ledger: Arc<dyn Ledger>,
    head: LedgerHead,
    batch_entries_max: usize,
    moved: watch::Sender<u64>,
    commits: Commits,
}

impl Writer {
    pub(super) fn new(
        ledger: Arc<dyn Ledger>,
        head: LedgerHead,
        batch_entries_max: usize,
        moved: watch::Sender<u64>,
    ) -> Self {
        Self {
            ledger,
            head,
            batch_entries_max,
            moved,
            commits: Commits::of_journal(),
        }
    }

    /// Writes until no one can append any more, or until something is in doubt. Batches follow
    /// each other without a timer.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>, fatal: &Fatal) {
        while let Some(first) = requests.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < self.batch_entries_max {
                let Ok(next) = requests.try_recv() else { break };
                batch.push(next);
            }
            if let Err(error) = self.commit(batch) {
                // Whoever waits learns that it has stopped when their request is dropped.
                fatal.stop(&error);
                return;
            }
        }
    }

    /// Writes one batch. An error means that it is not known what was written.
    fn commit(&mut self, requests: Vec<Request>) -> Result<(), LedgerError> {
        let mut head = self.head;
        let mut rows: Vec<LedgerRow> = Vec::with_capacity(requests.len());
        let mut answers = Vec::with_capacity(requests.len());
        for Request { sealed, answer } in requests {
            let row = sealed.follow(&head.link, head.next);
            answers.push((answer, row.position));
            head = LedgerHead {
                next: LedgerPosition(row.position.0 + 1),
                link: row.link,
            };
            rows.push(row);
        }
        let stopwatch = Stopwatch::start();
        let refused = match self.ledger.append(&rows) {
            Ok(()) => {
                self.commits.committed(rows.len(), stopwatch.read());
                false
            }
            Err(LedgerError::NoSpace) => true,
            Err(error @ (LedgerError::Moved | LedgerError::Broken { .. })) => return Err(error),
        };
        if !refused {
            self.head = head;
        }
        for (answer, position) in answers {
            let written = if refused {
                Err(JournalError::NoSpace)
            } else {
                Ok(position)
            };
            // One who has gone away is not missed: the entry says at least what happened.
            let _ = answer.send(written);
        }
        self.moved.send_replace(self.head.next.0);
        Ok(())
    }
}

//! Who saw whose data?
//!
//! In: entries of visits. Out: the proofs [`Opened`] and [`Recorded`], and the answers to who saw
//! what. Invariants: both proofs exist only after the entry is durable; entries are encrypted at
//! rest, chained in this node's ledger, and integrated in its order into a log that anyone can
//! check; an intent whose outcome never came shows as a possible disclosure; nothing is ever
//! removed or changed. Deliberately absent: values, and who may read the journal.

mod encoding;
mod integrate;
mod ledger;
mod query;
mod recorded;
mod verify;
mod writer;

use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use ring::rand::SecureRandom;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task;

use crate::domain::entry::{JournalEntry, VisitId};
use crate::domain::operation::Effect;
use crate::domain::person::PersonId;
use crate::domain::reason::Reason;
use crate::domain::time::Timestamp;
use crate::keys::{KeyError, Vault};
use crate::tlog::proof::ProofError;
use crate::tlog::{Fatal, Position, Tlog, TlogError};

pub use encoding::{EncodingError, SealedEntry};
pub use ledger::{ActorKey, Ledger, LedgerError, LedgerHead, LedgerRow, Link, RowStage};
pub use query::{Access, Certainty, EntryProof, Found, Lane, Page, Reader};
pub use recorded::{LedgerPosition, Opened, Recorded};
pub use verify::{Finding, Verified, VerifyError, verify};

use writer::{Request, Writer};

/// How the journal is run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Entries that may wait to be written; more are refused.
    pub queue_entries_max: usize,
    /// Entries that one commit takes.
    pub batch_entries_max: usize,
}

/// Why an entry was not written, or is not found.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("too many entries wait to be written")]
    Busy,
    #[error("there is no space to write an entry")]
    NoSpace,
    #[error("the journal has stopped writing")]
    Stopped,
    #[error(
        "the ledger ends at {ledger} entries but its log has {log}: the ledger is an older copy"
    )]
    LedgerBehind { ledger: u64, log: u64 },
    #[error("the last entry of the ledger is not what its log and chain say")]
    BrokenTail,
    #[error("entry {0} is not in the ledger")]
    NoEntry(u64),
    #[error("entry {position} does not read")]
    Unreadable {
        position: u64,
        source: EncodingError,
    },
    #[error("the entry cannot be written")]
    Encoding(#[from] EncodingError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Tlog(#[from] TlogError),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the thread that writes the journal does not start")]
    Thread(#[source] std::io::Error),
}

impl JournalError {
    /// What a request that needed the journal is refused with.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::NoSpace => Reason::StoreFull,
            Self::Encoding(_) => Reason::Internal,
            Self::Busy
            | Self::Stopped
            | Self::LedgerBehind { .. }
            | Self::BrokenTail
            | Self::NoEntry(_)
            | Self::Unreadable { .. }
            | Self::Ledger(_)
            | Self::Tlog(_)
            | Self::Proof(_)
            | Self::Key(_)
            | Self::Thread(_) => Reason::JournalUnavailable,
        }
    }
}

/// The room: any number of tasks write, one thread commits, one task integrates.
pub struct Journal {
    queue: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
    integrator: Option<task::JoinHandle<()>>,
    reader: Reader,
    tlog: Arc<Tlog>,
    random: Arc<dyn SecureRandom + Send + Sync>,
}

impl Journal {
    /// Opens the journal of a ledger and its log, and integrates what a stop left behind. Blocks
    /// for as long as a read takes; must be called where tasks can be spawned.
    ///
    /// # Errors
    /// [`JournalError::LedgerBehind`], [`JournalError::BrokenTail`], and what the stores say.
    pub fn start(
        ledger: Arc<dyn Ledger>,
        tlog: Arc<Tlog>,
        vault: Arc<Vault>,
        random: Arc<dyn SecureRandom + Send + Sync>,
        options: Options,
        fatal: Fatal,
    ) -> Result<Self, JournalError> {
        let head = ledger.head()?;
        integrate::check_tail(ledger.as_ref(), &tlog, &head)?;
        let (queue, requests) = mpsc::channel(options.queue_entries_max.max(1));
        let (moved, follow) = watch::channel(head.next.0);
        let writer = Writer::new(Arc::clone(&ledger), head, options.batch_entries_max, moved);
        let thread = thread::Builder::new()
            .name("journal".to_owned())
            .spawn({
                let fatal = fatal.clone();
                move || writer.run(requests, &fatal)
            })
            .map_err(JournalError::Thread)?;
        let integrating = integrate::run(Arc::clone(&ledger), Arc::clone(&tlog), follow, fatal);
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            integrator: Some(task::spawn(integrating)),
            reader: Reader::new(ledger, vault),
            tlog,
            random,
        })
    }

    /// Lets a visit be forwarded: for a write its intent is durable when this returns, for anything
    /// else nothing is written.
    ///
    /// # Errors
    /// [`JournalError::Busy`] and [`JournalError::NoSpace`] before anything was written;
    /// [`JournalError::Stopped`] when it is not known whether it was.
    pub async fn open(
        &self,
        visit: VisitId,
        effect: &Effect,
        intent: impl FnOnce() -> JournalEntry,
    ) -> Result<Opened, JournalError> {
        if let Some(opened) = Opened::not_needed(visit, effect) {
            return Ok(opened);
        }
        let intent = intent();
        let visit = intent.visit;
        let position = self.append(intent).await?;
        Ok(Opened::durable(visit, position))
    }

    /// Writes the outcome of a visit. Durable when it returns.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub async fn record(&self, outcome: JournalEntry) -> Result<Recorded, JournalError> {
        let (visit, digest) = (outcome.visit, outcome.digest.clone());
        let position = self.append(outcome).await?;
        Ok(Recorded::durable(visit, position, digest))
    }

    async fn append(&self, entry: JournalEntry) -> Result<LedgerPosition, JournalError> {
        let sealed = SealedEntry::seal(&entry, &self.reader.vault, self.random.as_ref())?;
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(JournalError::Stopped)?;
        queue
            .try_send(Request { sealed, answer })
            .map_err(|e| match e {
                TrySendError::Full(_) => JournalError::Busy,
                TrySendError::Closed(_) => JournalError::Stopped,
            })?;
        answered.await.map_err(|_| JournalError::Stopped)?
    }

    /// How many entries wait to be written.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let queue = self.queue.as_ref();
        queue.map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Why an entry would not be written now; `None` when it would.
    pub async fn obstacle(&self) -> Option<JournalError> {
        if self.queue.as_ref().is_none_or(mpsc::Sender::is_closed) {
            return Some(JournalError::Stopped);
        }
        let has_space = |reader: &Reader| Ok(reader.ledger.has_space()?);
        match self.reading(has_space).await {
            Ok(true) => None,
            Ok(false) => Some(JournalError::NoSpace),
            Err(cause) => Some(cause),
        }
    }

    /// What a person may see of the accesses to their data, newest first.
    ///
    /// # Errors
    /// [`JournalError::Ledger`], [`JournalError::Unreadable`].
    pub async fn who_saw(&self, subject: PersonId, page: Page) -> Result<Lane, JournalError> {
        self.reading(move |reader| reader.who_saw(subject, page))
            .await
    }

    /// All entries of one visit, in their order.
    ///
    /// # Errors
    /// As [`Journal::who_saw`].
    pub async fn of_visit(&self, visit: VisitId) -> Result<Vec<Found>, JournalError> {
        self.reading(move |reader| reader.of_visit(visit)).await
    }

    /// All that one principal was given or refused from `since` on, newest first.
    ///
    /// # Errors
    /// As [`Journal::who_saw`].
    pub async fn of_actor(
        &self,
        actor: ActorKey,
        since: Timestamp,
        page: Page,
    ) -> Result<Vec<Found>, JournalError> {
        self.reading(move |reader| reader.of_actor(&actor, since, page))
            .await
    }

    /// The proof that an entry is in the log, as soon as a public checkpoint includes it.
    ///
    /// # Errors
    /// [`JournalError::NoEntry`], and what proving gives.
    pub async fn prove(&self, position: LedgerPosition) -> Result<EntryProof, JournalError> {
        let preimage = self
            .reading(move |reader| reader.preimage(position))
            .await?;
        let index = position.0;
        let proof = self.tlog.prove(Position { index }).await?;
        Ok(EntryProof {
            salt: preimage.salt,
            canonical: preimage.canonical,
            proof,
        })
    }

    async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let reader = self.reader.clone();
        let done = task::spawn_blocking(move || read(&reader)).await;
        done.map_err(|_| JournalError::Stopped)?
    }

    /// Answers from the ledger without a running journal: for tools, blocking.
    #[must_use]
    pub const fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Writes what waits, integrates it, and ends. Needed before the same stores are opened again in
    /// this process; dropping does not wait for the integration.
    pub async fn close(mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A failed join means that the writer panicked; there is nothing left to end.
            let _ = task::spawn_blocking(move || thread.join()).await;
        }
        if let Some(integrator) = self.integrator.take() {
            let _ = integrator.await;
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        // What it has not integrated yet, the next start does.
        if let Some(integrator) = self.integrator.take() {
            integrator.abort();
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}

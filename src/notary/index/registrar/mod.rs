//! Which seals are there, and how far has each come?
//!
//! In: steps of seals, and the documents themselves. Out: whether a step was done, and what is
//! known of a seal. Invariants: one thread writes both stores; a seal in the index has its document
//! in the archive; a document is replaced by no other; what is answered is durable; after a write
//! in doubt nothing is answered any more. The process goes on then: no history is lost, and a seal
//! that is not released does not leave. Deliberately absent: what the records say, and the log.

mod known;
mod writer;

use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::task;

use crate::notary::index::{
    ArchivedDocument, CodeKey, DocumentArchive, ReleasedSeal, RevokedSeal, SealIndex, SealKey,
    SealRow, SealStoreError, StagedSeal, Written,
};

use known::Known;
use writer::{Request, Step, Writer};

/// How the registrar is run.
#[derive(Debug, Clone, Copy)]
pub struct RegistrarOptions {
    /// Steps that may wait to be written; more are refused.
    pub queue_writes_max: usize,
    /// Steps that one commit takes.
    pub batch_writes_max: usize,
}

/// Why a step was not taken, or a seal is not found.
#[derive(Debug, thiserror::Error)]
pub enum RegistrarError {
    #[error("too many seals wait to be written")]
    Busy,
    #[error("there is no space for another seal")]
    NoSpace,
    #[error("the registrar has stopped")]
    Stopped,
    #[error("the document and its seal have different codes")]
    OtherCode,
    #[error("the stores of documents cannot be read")]
    Read(#[source] SealStoreError),
    #[error("the thread that writes seals does not start")]
    Thread(#[source] std::io::Error),
}

/// Any number of tasks ask, one thread commits.
pub struct Registrar {
    queue: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
    index: Arc<dyn SealIndex>,
    archive: Arc<dyn DocumentArchive>,
    known: Arc<Known>,
}

impl Registrar {
    /// Starts to write these stores, which nobody else may write.
    ///
    /// # Errors
    /// [`RegistrarError::Thread`].
    pub fn start(
        index: Arc<dyn SealIndex>,
        archive: Arc<dyn DocumentArchive>,
        options: RegistrarOptions,
    ) -> Result<Self, RegistrarError> {
        let (queue, requests) = mpsc::channel(options.queue_writes_max.max(1));
        let known = Arc::new(Known::new(KNOWN_ROWS_MAX));
        let writer = Writer {
            index: Arc::clone(&index),
            archive: Arc::clone(&archive),
            known: Arc::clone(&known),
            batch_writes_max: options.batch_writes_max.max(1),
        };
        let thread = thread::Builder::new()
            .name("registrar".to_owned())
            .spawn(move || writer.run(requests))
            .map_err(RegistrarError::Thread)?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            index,
            archive,
            known,
        })
    }

    /// Keeps the document and stages its seal: both durable when this returns `Done`. In a conflict
    /// neither store has changed.
    ///
    /// # Errors
    /// [`RegistrarError::Busy`] and [`RegistrarError::OtherCode`] before anything was written;
    /// [`RegistrarError::NoSpace`] when the seal was not staged; [`RegistrarError::Stopped`] when it
    /// is not known whether it was.
    pub async fn stage(
        &self,
        seal: StagedSeal,
        document: ArchivedDocument,
    ) -> Result<Written, RegistrarError> {
        if seal.code != document.code {
            return Err(RegistrarError::OtherCode);
        }
        self.take(Step::Stage(seal, document)).await
    }

    /// Lets a staged seal be handed out: durable when this returns.
    ///
    /// # Errors
    /// As [`Registrar::stage`].
    pub async fn release(&self, seal: ReleasedSeal) -> Result<Written, RegistrarError> {
        self.take(Step::Release(seal)).await
    }

    /// Revokes a released seal: durable when this returns, and seen by every later
    /// [`Registrar::find`].
    ///
    /// # Errors
    /// As [`Registrar::stage`].
    pub async fn revoke(&self, seal: RevokedSeal) -> Result<Written, RegistrarError> {
        self.take(Step::Revoke(seal)).await
    }

    /// The seal that this key finds. By code it is read once and then known.
    ///
    /// # Errors
    /// [`RegistrarError::Stopped`], [`RegistrarError::Read`].
    pub async fn find(&self, key: SealKey) -> Result<Option<SealRow>, RegistrarError> {
        self.running()?;
        let begun = match &key {
            SealKey::Code(code) => match self.known.find(code) {
                Ok(row) => return Ok(Some(row)),
                Err(begun) => Some(begun),
            },
            SealKey::Number(_) | SealKey::Content(_) | SealKey::File(_) => None,
        };
        let index = Arc::clone(&self.index);
        let found = self.reading(move || index.find(&key)).await?;
        if let (Some(row), Some(begun)) = (&found, begun) {
            self.known.keep(row.clone(), begun);
        }
        Ok(found)
    }

    /// The document kept under this code, as it was kept.
    ///
    /// # Errors
    /// As [`Registrar::find`].
    pub async fn fetch(&self, code: CodeKey) -> Result<Option<Vec<u8>>, RegistrarError> {
        let archive = Arc::clone(&self.archive);
        self.reading(move || archive.fetch(&code)).await
    }

    /// Revoked seals in the order of revocation, after so many.
    ///
    /// # Errors
    /// As [`Registrar::find`].
    pub async fn revoked(&self, after: u64, rows_max: u32) -> Result<Vec<SealRow>, RegistrarError> {
        let index = Arc::clone(&self.index);
        self.reading(move || index.revoked(after, rows_max)).await
    }

    /// Seals that were staged and never released, the oldest first.
    ///
    /// # Errors
    /// As [`Registrar::find`].
    pub async fn staged(&self, rows_max: u32) -> Result<Vec<SealRow>, RegistrarError> {
        let index = Arc::clone(&self.index);
        self.reading(move || index.staged(rows_max)).await
    }

    /// Writes what waits, and ends. Needed before the same stores are opened again in this process
    /// without blocking a task.
    pub async fn close(mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A failed join means that the writer panicked; there is nothing left to end.
            let _ = task::spawn_blocking(move || thread.join()).await;
        }
    }

    async fn take(&self, step: Step) -> Result<Written, RegistrarError> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(RegistrarError::Stopped)?;
        queue
            .try_send(Request { step, answer })
            .map_err(|e| match e {
                TrySendError::Full(_) => RegistrarError::Busy,
                TrySendError::Closed(_) => RegistrarError::Stopped,
            })?;
        answered.await.map_err(|_| RegistrarError::Stopped)?
    }

    /// Reads, and says nothing of what it read when a write was in doubt meanwhile.
    async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> Result<T, SealStoreError> + Send + 'static,
    ) -> Result<T, RegistrarError> {
        self.running()?;
        let done = task::spawn_blocking(read).await;
        self.running()?;
        done.map_err(|_| RegistrarError::Stopped)?
            .map_err(RegistrarError::Read)
    }

    fn running(&self) -> Result<(), RegistrarError> {
        if self.queue.as_ref().is_none_or(mpsc::Sender::is_closed) {
            return Err(RegistrarError::Stopped);
        }
        Ok(())
    }
}

impl Drop for Registrar {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar").finish_non_exhaustive()
    }
}

/// Rows that are known without reading: a check by code asks for few, again and again.
const KNOWN_ROWS_MAX: usize = 4096;

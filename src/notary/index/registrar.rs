//! The one writer of the document index and the archive: writes that wait are done together.

use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::notary::index::{
    ArchivedDocument, CodeKey, DocumentArchive, ReleasedSeal, RevokedSeal, SealIndex, SealKey,
    SealRow, SealStoreError, SealWrite, StagedSeal, Written,
};

/// How the registrar is run.
#[derive(Debug, Clone, Copy)]
pub struct RegistrarOptions {
    /// Writes that may wait; more are refused.
    pub queue_writes_max: usize,
    /// Writes that one commit takes.
    pub batch_writes_max: usize,
}

/// Why the registrar did not do it.
#[derive(Debug, thiserror::Error)]
pub enum RegistrarError {
    #[error("too many documents wait to be entered")]
    Busy,
    #[error("there is no space for a document")]
    NoSpace,
    /// Something was in doubt: nothing is written any more until a new start.
    #[error("the document index has stopped writing")]
    Stopped,
    #[error("the document index cannot be read")]
    Read(#[source] SealStoreError),
    #[error("the thread of the document index does not start")]
    Thread(#[source] std::io::Error),
}

/// The index and the archive, with one thread that writes them.
pub struct Registrar {
    queue: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
    index: Arc<dyn SealIndex>,
    archive: Arc<dyn DocumentArchive>,
}

impl Registrar {
    /// Starts the writer.
    ///
    /// # Errors
    /// [`RegistrarError::Thread`].
    pub fn start(
        index: Arc<dyn SealIndex>,
        archive: Arc<dyn DocumentArchive>,
        options: RegistrarOptions,
    ) -> Result<Self, RegistrarError> {
        let (queue, requests) = mpsc::channel(options.queue_writes_max.max(1));
        let writer = Writer {
            index: Arc::clone(&index),
            archive: Arc::clone(&archive),
            batch_writes_max: options.batch_writes_max.max(1),
        };
        let thread = thread::Builder::new()
            .name("documents".to_owned())
            .spawn(move || writer.run(requests))
            .map_err(RegistrarError::Thread)?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            index,
            archive,
        })
    }

    /// Keeps a document and enters its seal as staged. Durable when this returns.
    ///
    /// # Errors
    /// [`RegistrarError::Busy`] and [`RegistrarError::NoSpace`] before anything was written.
    pub async fn stage(
        &self,
        seal: StagedSeal,
        document: ArchivedDocument,
    ) -> Result<Written, RegistrarError> {
        self.write(SealWrite::Stage(seal), Some(document)).await
    }

    /// Enters what a staged seal came to. Durable when this returns.
    ///
    /// # Errors
    /// As [`Registrar::stage`].
    pub async fn release(&self, seal: ReleasedSeal) -> Result<Written, RegistrarError> {
        self.write(SealWrite::Release(seal), None).await
    }

    /// Enters a revocation. Durable when this returns.
    ///
    /// # Errors
    /// As [`Registrar::stage`].
    pub async fn revoke(&self, seal: RevokedSeal) -> Result<Written, RegistrarError> {
        self.write(SealWrite::Revoke(seal), None).await
    }

    /// The seal that this key finds.
    ///
    /// # Errors
    /// [`RegistrarError::Read`].
    pub async fn find(&self, key: SealKey) -> Result<Option<SealRow>, RegistrarError> {
        let index = Arc::clone(&self.index);
        read(move || index.find(&key)).await
    }

    /// The document kept under this code.
    ///
    /// # Errors
    /// [`RegistrarError::Read`].
    pub async fn fetch(&self, code: CodeKey) -> Result<Option<Vec<u8>>, RegistrarError> {
        let archive = Arc::clone(&self.archive);
        read(move || archive.fetch(&code)).await
    }

    /// Revoked seals in the order of revocation, after so many.
    ///
    /// # Errors
    /// [`RegistrarError::Read`].
    pub async fn revoked(&self, after: u64, rows_max: u32) -> Result<Vec<SealRow>, RegistrarError> {
        let index = Arc::clone(&self.index);
        read(move || index.revoked(after, rows_max)).await
    }

    /// Seals that were staged and never released, the oldest first.
    ///
    /// # Errors
    /// [`RegistrarError::Read`].
    pub async fn staged(&self, rows_max: u32) -> Result<Vec<SealRow>, RegistrarError> {
        let index = Arc::clone(&self.index);
        read(move || index.staged(rows_max)).await
    }

    /// Writes what waits, and ends the writer.
    pub async fn close(self) {
        // A failed join means that the writer panicked; there is nothing left to end.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }

    async fn write(
        &self,
        write: SealWrite,
        document: Option<ArchivedDocument>,
    ) -> Result<Written, RegistrarError> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(RegistrarError::Stopped)?;
        let request = Request {
            write,
            document,
            answer,
        };
        queue.try_send(request).map_err(|cause| match cause {
            TrySendError::Full(_) => RegistrarError::Busy,
            TrySendError::Closed(_) => RegistrarError::Stopped,
        })?;
        answered.await.map_err(|_| RegistrarError::Stopped)?
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

async fn read<T: Send + 'static>(
    reading: impl FnOnce() -> Result<T, SealStoreError> + Send + 'static,
) -> Result<T, RegistrarError> {
    let read = tokio::task::spawn_blocking(reading).await;
    read.map_err(|_| RegistrarError::Stopped)?
        .map_err(RegistrarError::Read)
}

/// One write that waits, and who waits for it.
struct Request {
    write: SealWrite,
    document: Option<ArchivedDocument>,
    answer: oneshot::Sender<Result<Written, RegistrarError>>,
}

struct Writer {
    index: Arc<dyn SealIndex>,
    archive: Arc<dyn DocumentArchive>,
    batch_writes_max: usize,
}

impl Writer {
    /// Writes until no one can write any more, or until something is in doubt: then whoever waits
    /// learns that it has stopped when their request is dropped.
    fn run(self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < self.batch_writes_max {
                let Ok(next) = requests.try_recv() else { break };
                batch.push(next);
            }
            if let Err(cause) = self.commit(batch) {
                tracing::error!(target: "muhrdor::documents", %cause, "documents are not written any more");
                return;
            }
        }
    }

    /// Documents first, then their seals: a document without a seal is never found.
    fn commit(&self, requests: Vec<Request>) -> Result<(), SealStoreError> {
        let (mut writes, mut documents) = (Vec::new(), Vec::new());
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            writes.push(request.write);
            documents.extend(request.document);
            answers.push(request.answer);
        }
        let kept = match documents.is_empty() {
            true => Ok(()),
            false => self.archive.keep(&documents),
        };
        let written = match kept.and_then(|()| self.index.write(&writes)) {
            Ok(written) => written.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(SealStoreError::NoSpace) => answers
                .iter()
                .map(|_| Err(RegistrarError::NoSpace))
                .collect(),
            Err(broken @ SealStoreError::Broken { .. }) => return Err(broken),
        };
        for (answer, written) in answers.into_iter().zip(written) {
            // Who has gone away will ask again, and find it.
            let _ = answer.send(written);
        }
        Ok(())
    }
}

//! Where seals are found again, and where the documents themselves are kept.

mod registrar;

pub use registrar::{Registrar, RegistrarError, RegistrarOptions};

use std::fmt::Debug;

use crate::notary::leaf::Sha256;

/// The digest of a document's code: what the stores know it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodeKey(pub Sha256);

/// A keyed digest of issuer and number: numbers alone could be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NumberKey(pub Sha256);

/// A seal that was made and not yet entered in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedSeal {
    pub code: CodeKey,
    pub number: NumberKey,
    /// The digest of what the signature covers.
    pub content: Sha256,
    /// All that is known of the document, encrypted.
    pub record: Vec<u8>,
}

/// What is added once the log has the seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedSeal {
    pub code: CodeKey,
    /// The digest of the file that is handed out.
    pub file: Sha256,
    /// All that is known of the document, encrypted: in place of what was staged.
    pub record: Vec<u8>,
}

/// A seal that no longer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedSeal {
    pub code: CodeKey,
    /// All that is known of the document, encrypted: in place of what was there.
    pub record: Vec<u8>,
}

/// What a seal can be found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SealKey {
    Code(CodeKey),
    Number(NumberKey),
    /// What the signature covers.
    Content(Sha256),
    /// The file that was handed out.
    File(Sha256),
}

/// How far a seal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SealStage {
    Staged,
    Released,
    Revoked,
}

/// What the index knows of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealRow {
    pub code: CodeKey,
    pub stage: SealStage,
    pub record: Vec<u8>,
}

/// One step of one seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealWrite {
    Stage(StagedSeal),
    Release(ReleasedSeal),
    Revoke(RevokedSeal),
}

/// What came of one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Done,
    /// Of `Stage`: there is a seal with this code, number or content already. Of `Release`: it is
    /// not staged, or this file is another's. Of `Revoke`: it is not released. Nothing was changed.
    Conflict,
}

/// Why an index or an archive did not do it.
#[derive(Debug, thiserror::Error)]
pub enum SealStoreError {
    /// Known before anything was written; nothing was.
    #[error("less than the reserved space would be left on the disk")]
    NoSpace,
    /// It may or may not have been done.
    #[error("cannot {action}")]
    Broken {
        action: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The document index: where seals are found.
///
/// Writes are serialised by their one caller; reads are concurrent with them. Every method may
/// block.
pub trait SealIndex: Send + Sync + Debug {
    /// Does all writes in this order and in one transaction; durable, across kill −9 and power
    /// loss, when it returns `Ok`. One outcome for each write, in the same order; a conflict
    /// changes nothing and stops no other. Code, number, content and file are each unique.
    ///
    /// # Errors
    /// [`SealStoreError::NoSpace`] when nothing was written.
    fn write(&self, writes: &[SealWrite]) -> Result<Vec<Written>, SealStoreError>;

    /// The seal that this key finds; a file is found once it was released.
    ///
    /// # Errors
    /// [`SealStoreError::Broken`].
    fn find(&self, key: &SealKey) -> Result<Option<SealRow>, SealStoreError>;

    /// Revoked seals in the order of revocation, after so many.
    ///
    /// # Errors
    /// [`SealStoreError::Broken`].
    fn revoked(&self, after: u64, rows_max: u32) -> Result<Vec<SealRow>, SealStoreError>;

    /// Seals that were staged and never released, the oldest first.
    ///
    /// # Errors
    /// [`SealStoreError::Broken`].
    fn staged(&self, rows_max: u32) -> Result<Vec<SealRow>, SealStoreError>;
}

/// A document as the archive keeps it: under a key of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedDocument {
    pub code: CodeKey,
    pub encrypted: Vec<u8>,
}

/// Where documents are kept, encrypted.
///
/// Writes are serialised by their one caller; reads are concurrent with them. Every method may
/// block.
pub trait DocumentArchive: Send + Sync + Debug {
    /// Keeps all, or none; durable when it returns `Ok`. Keeping again under one code replaces.
    ///
    /// # Errors
    /// [`SealStoreError::NoSpace`] when nothing was written.
    fn keep(&self, documents: &[ArchivedDocument]) -> Result<(), SealStoreError>;

    /// The document kept under this code.
    ///
    /// # Errors
    /// [`SealStoreError::Broken`].
    fn fetch(&self, code: &CodeKey) -> Result<Option<Vec<u8>>, SealStoreError>;
}

//! Checkpoints: how large the log is and what its root is, signed (C2SP `tlog-checkpoint`).

use std::fmt;

use crate::tlog::hash::Hash;
use crate::tlog::note::{self, NoteError, NoteName, NoteSigner, Verifier};

/// The name of a log, which is also the name of its key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(NoteName);

impl Origin {
    /// # Errors
    /// [`NoteError::Name`] for what cannot name a key.
    pub fn parse(given: &str) -> Result<Self, NoteError> {
        NoteName::parse(given).map(Self)
    }

    #[must_use]
    pub const fn name(&self) -> &NoteName {
        &self.0
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A state of a tree: its size in leaves and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TreeHead {
    pub size: u64,
    pub root: Hash,
}

impl TreeHead {
    /// The tree without leaves.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            size: 0,
            root: Hash::empty(),
        }
    }
}

/// What a log says of itself at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: Origin,
    pub head: TreeHead,
}

/// Why a checkpoint is not to be trusted.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error("not a checkpoint: {0}")]
    Malformed(&'static str),
    #[error("a checkpoint of `{given}` where one of `{expected}` is needed")]
    OtherLog { given: String, expected: String },
}

impl Checkpoint {
    /// The signed text of the checkpoint. It has no extension lines: cosigners differ about them.
    ///
    /// # Errors
    /// [`NoteError::Signing`].
    pub fn sign(&self, signer: &NoteSigner) -> Result<String, NoteError> {
        signer.sign(&self.to_string())
    }

    /// Reads a signed checkpoint of the log whose name and key `log` is.
    ///
    /// # Errors
    /// [`CheckpointError`] unless the log's own signature stands under it and is true.
    pub fn open(note: &str, log: &Verifier) -> Result<Self, CheckpointError> {
        let checkpoint = Self::parse(note::open(note, log, &[])?)?;
        if checkpoint.origin.name() != log.name() {
            return Err(CheckpointError::OtherLog {
                given: checkpoint.origin.to_string(),
                expected: log.name().to_string(),
            });
        }
        Ok(checkpoint)
    }

    /// Reads the unsigned text. Extension lines are passed over, as the format asks.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let text = text
            .strip_suffix('\n')
            .ok_or(malformed("it does not end with a line feed"))?;
        let mut lines = text.split('\n');
        let mut next = || {
            lines
                .next()
                .ok_or(malformed("it has less than three lines"))
        };
        let (origin, size, root) = (next()?, next()?, next()?);
        if lines.any(str::is_empty) {
            return Err(malformed("an extension line is empty"));
        }
        let head = TreeHead {
            size: size
                .parse()
                .map_err(|_| malformed("its size is no number"))?,
            root: Hash::from_base64(root).ok_or(malformed("its root is no hash"))?,
        };
        if head.size.to_string() != size {
            return Err(malformed("its size is not written plainly"));
        }
        if head.size == 0 && head != TreeHead::empty() {
            return Err(malformed("its root is not that of an empty tree"));
        }
        Ok(Self {
            origin: Origin::parse(origin)?,
            head,
        })
    }
}

impl fmt::Display for Checkpoint {
    /// The text that is signed: origin, size, root, a line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = self.head.root.to_base64();
        write!(f, "{}\n{}\n{root}\n", self.origin, self.head.size)
    }
}

//! This node's ledger: rows in a chain, durable before anyone is told.

use std::fmt;

use ring::digest::{Context, SHA256};

use crate::domain::entry::{Actor, JournalEntry, Stage, VisitId};
use crate::domain::person::PersonId;
use crate::domain::purpose::Visibility;
use crate::journal::LedgerPosition;
use crate::tlog::Hash;

/// Why the ledger did not do it.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Known before anything was written; nothing was.
    #[error("less than the reserved space would be left on the disk")]
    NoSpace,
    /// Another process wrote to the ledger.
    #[error("the ledger does not end where this process wrote last")]
    Moved,
    /// It may or may not have been done: whoever writes must stop.
    #[error("cannot {action}")]
    Broken {
        action: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A value that stands for a row and all rows before it:
/// `SHA-256("muhrdor ledger row" ‖ 0x00 ‖ previous link ‖ position ‖ leaf)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link([u8; 32]);

impl Link {
    /// What the first row follows.
    pub const BEGINNING: Self = Self([0; 32]);

    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The link of the row at `position` with `leaf`, which follows this one.
    #[must_use]
    pub fn then(&self, position: LedgerPosition, leaf: &Hash) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(b"muhrdor ledger row\0");
        context.update(&self.0);
        context.update(&position.0.to_be_bytes());
        context.update(leaf.as_bytes());
        let mut link = Self([0; 32]);
        for (to, from) in link.0.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        link
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", Hash::from_bytes(self.0))
    }
}

/// Whether a row is the beginning of a write or how a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowStage {
    Intent,
    Outcome,
}

impl RowStage {
    #[must_use]
    pub const fn of(stage: &Stage) -> Self {
        match stage {
            Stage::Intent => Self::Intent,
            Stage::Delivered { .. }
            | Stage::Refused { .. }
            | Stage::Aborted
            | Stage::SignedIn
            | Stage::SignedOut => Self::Outcome,
        }
    }
}

/// The name under which one principal's entries are found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ActorKey(String);

impl ActorKey {
    /// The key of who acted; `None` for the anonymous.
    #[must_use]
    pub fn of(actor: &Actor) -> Option<Self> {
        let agency = actor.agency.as_ref().map_or("", |agency| agency.as_str());
        let key = match (&actor.official, &actor.system, &actor.person) {
            (Some(official), _, _) => format!("official {agency} {official}"),
            (None, Some(system), _) => format!("system {system}"),
            (None, None, Some(person)) => format!("person {person}"),
            (None, None, None) => return None,
        };
        Some(Self(key))
    }

    /// A key as it was stored.
    #[must_use]
    pub const fn from_stored(key: String) -> Self {
        Self(key)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The persons in whose lane an entry shows: the main one always, the others where the purpose
/// does not tell one person about another's affairs.
pub(super) fn subjects_of(entry: &JournalEntry) -> Vec<PersonId> {
    let mut subjects: Vec<PersonId> = entry.subject.into_iter().collect();
    match entry.visibility {
        Visibility::MainSubject => {}
        Visibility::AllSubjects => {
            subjects.extend(entry.disclosed.iter().map(|disclosed| disclosed.subject));
        }
    }
    subjects.sort_unstable();
    subjects.dedup();
    subjects
}

/// One row: an encrypted entry, its place in the chain, and what it is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    pub position: LedgerPosition,
    pub link: Link,
    /// What stands for the entry in the log.
    pub leaf: Hash,
    /// Salt and entry, encrypted at rest.
    pub sealed: Vec<u8>,
    pub visit: VisitId,
    pub stage: RowStage,
    /// In ascending order, each once.
    pub subjects: Vec<PersonId>,
    pub actor: Option<ActorKey>,
}

/// Where a ledger ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerHead {
    /// Where the next row will stand; also how many there are.
    pub next: LedgerPosition,
    /// The link of the last row.
    pub link: Link,
}

impl LedgerHead {
    /// The end of a ledger without rows.
    pub const EMPTY: Self = Self {
        next: LedgerPosition(0),
        link: Link::BEGINNING,
    };
}

/// Rows of one node. One writer; any number of concurrent readers, also in other processes, who
/// see each commit whole or not at all. Every method may block.
pub trait Ledger: Send + Sync + fmt::Debug {
    /// Appends rows, all or none. Durable across kill −9 and power loss when it returns `Ok`.
    ///
    /// # Errors
    /// [`LedgerError::NoSpace`] means that nothing was written and the journal may go on;
    /// [`LedgerError::Moved`] unless the rows begin where the ledger ends and are contiguous.
    fn append(&self, rows: &[LedgerRow]) -> Result<(), LedgerError>;

    /// Whether the next entries have room, as [`Ledger::append`] would find it.
    ///
    /// # Errors
    /// [`LedgerError::Broken`].
    fn has_space(&self) -> Result<bool, LedgerError>;

    /// Where the ledger ends.
    ///
    /// # Errors
    /// [`LedgerError::Broken`].
    fn head(&self) -> Result<LedgerHead, LedgerError>;

    /// Up to `rows_max` rows from a position on, in order of position. A gap shows as a gap.
    ///
    /// # Errors
    /// [`LedgerError::Broken`].
    fn read(&self, from: LedgerPosition, rows_max: u32) -> Result<Vec<LedgerRow>, LedgerError>;

    /// Up to `rows_max` rows about a subject before a position, newest first.
    ///
    /// # Errors
    /// [`LedgerError::Broken`].
    fn of_subject(
        &self,
        subject: PersonId,
        before: LedgerPosition,
        rows_max: u32,
    ) -> Result<Vec<LedgerRow>, LedgerError>;

    /// Up to `rows_max` rows of an actor before a position, newest first.
    ///
    /// # Errors
    /// [`LedgerError::Broken`].
    fn of_actor(
        &self,
        actor: &ActorKey,
        before: LedgerPosition,
        rows_max: u32,
    ) -> Result<Vec<LedgerRow>, LedgerError>;

    /// All rows of a visit, in order.
    ///
    /// # Errors
    /// [`LedgerError::Broken`].
    fn of_visit(&self, visit: VisitId) -> Result<Vec<LedgerRow>, LedgerError>;

    /// Up to `rows_max` intents before a position whose visit has no outcome, newest first.
    ///
    /// # Errors
    /// [`LedgerError::Broken`].
    fn open_intents(
        &self,
        before: LedgerPosition,
        rows_max: u32,
    ) -> Result<Vec<LedgerRow>, LedgerError>;
}

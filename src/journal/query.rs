//! Answers from the ledger: who saw my data, what happened in this visit, what did this one see.

use std::sync::Arc;

use crate::domain::data::Form;
use crate::domain::entry::{JournalEntry, Stage, VisitId};
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;
use crate::journal::encoding::{EncodingError, Preimage};
use crate::journal::ledger::RowStage;
use crate::journal::{ActorKey, JournalError, Ledger, LedgerPosition, LedgerRow};
use crate::keys::Vault;
use crate::tlog::Hash;
use crate::tlog::proof::ProofFile;

/// Which part of a long answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Only entries before this one; `None` is from the newest on.
    pub before: Option<LedgerPosition>,
    /// How many at most.
    pub entries_max: u32,
}

impl Page {
    fn before(self) -> LedgerPosition {
        self.before.unwrap_or(LedgerPosition(u64::MAX))
    }
}

/// An entry and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub position: LedgerPosition,
    pub entry: JournalEntry,
}

/// Whether data is known to have left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    Disclosed,
    /// A write was forwarded, or about to be, and how it ended is not known: a possible disclosure.
    Possible,
}

/// One line of a person's lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    pub position: LedgerPosition,
    pub certainty: Certainty,
    /// The entry without what concerns others and without how it was decided.
    pub entry: JournalEntry,
}

/// A page of a person's lane, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    pub accesses: Vec<Access>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<LedgerPosition>,
}

/// All that a holder needs to check one entry of theirs without us: the leaf is
/// SHA-256(0x00 ‖ salt ‖ canonical entry).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryProof {
    pub salt: [u8; 32],
    pub canonical: Vec<u8>,
    pub proof: ProofFile,
}

impl EntryProof {
    /// The leaf that the proof is about.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        Hash::salted_leaf(&self.salt, &self.canonical)
    }
}

/// Reads a ledger, also one that another process writes. Every method may block.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) vault: Arc<Vault>,
}

impl Reader {
    #[must_use]
    pub const fn new(ledger: Arc<dyn Ledger>, vault: Arc<Vault>) -> Self {
        Self { ledger, vault }
    }

    /// What a person may see of the accesses to their data, newest first: what was disclosed, and
    /// what may have been. Refusals disclosed nothing and are not shown.
    ///
    /// # Errors
    /// [`JournalError::Ledger`], [`JournalError::Unreadable`].
    pub fn who_saw(&self, subject: PersonId, page: Page) -> Result<Lane, JournalError> {
        let mut accesses = Vec::new();
        let mut before = page.before();
        loop {
            let rows = self.ledger.of_subject(subject, before, ROWS_MAX)?;
            let Some(last) = rows.last() else {
                return Ok(Lane {
                    accesses,
                    next: None,
                });
            };
            before = last.position;
            for row in &rows {
                if accesses.len() >= page.entries_max as usize {
                    let next = LedgerPosition(row.position.0 + 1);
                    return Ok(Lane {
                        accesses,
                        next: Some(next),
                    });
                }
                accesses.extend(self.access(subject, row)?);
            }
        }
    }

    fn access(&self, subject: PersonId, row: &LedgerRow) -> Result<Option<Access>, JournalError> {
        let Found {
            position,
            mut entry,
        } = self.found(row)?;
        let certainty = match entry.stage {
            Stage::Refused { .. } | Stage::Aborted | Stage::SignedIn | Stage::SignedOut => {
                return Ok(None);
            }
            Stage::Intent if self.has_outcome(entry.visit)? => return Ok(None),
            Stage::Intent => Certainty::Possible,
            Stage::Delivered { .. } => Certainty::Disclosed,
        };
        entry
            .disclosed
            .retain(|disclosed| disclosed.subject == subject);
        let is_main = entry.subject == Some(subject);
        let saw = entry.disclosed.iter().any(|d| d.form != Form::Absent);
        if !is_main && !saw {
            return Ok(None);
        }
        if !is_main {
            // The main person of somebody else's case is not this one's to know.
            entry.subject = None;
            entry.case = None;
        }
        entry.steps.clear();
        Ok(Some(Access {
            position,
            certainty,
            entry,
        }))
    }

    /// Whether the visit's outcome is known.
    fn has_outcome(&self, visit: VisitId) -> Result<bool, JournalError> {
        let rows = self.ledger.of_visit(visit)?;
        Ok(rows.iter().any(|row| row.stage == RowStage::Outcome))
    }

    /// All entries of one visit, in their order.
    ///
    /// # Errors
    /// As [`Reader::who_saw`].
    pub fn of_visit(&self, visit: VisitId) -> Result<Vec<Found>, JournalError> {
        self.all(&self.ledger.of_visit(visit)?)
    }

    /// All that one principal was given or refused from `since` on, newest first. Less than a page
    /// is the end.
    ///
    /// # Errors
    /// As [`Reader::who_saw`].
    pub fn of_actor(
        &self,
        actor: &ActorKey,
        since: Timestamp,
        page: Page,
    ) -> Result<Vec<Found>, JournalError> {
        let rows = self
            .ledger
            .of_actor(actor, page.before(), page.entries_max)?;
        let mut found = self.all(&rows)?;
        found.retain(|found| found.entry.at >= since);
        Ok(found)
    }

    /// Intents whose outcome never came, newest first: possible disclosures, and writes that are
    /// under way this moment.
    ///
    /// # Errors
    /// As [`Reader::who_saw`].
    pub fn open_intents(&self, page: Page) -> Result<Vec<Found>, JournalError> {
        let rows = self.ledger.open_intents(page.before(), page.entries_max)?;
        self.all(&rows)
    }

    /// Entries from a position on, in order: for export.
    ///
    /// # Errors
    /// As [`Reader::who_saw`].
    pub fn read(&self, from: LedgerPosition, entries_max: u32) -> Result<Vec<Found>, JournalError> {
        self.all(&self.ledger.read(from, entries_max)?)
    }

    /// Salt and canonical form of one entry.
    pub(super) fn preimage(&self, position: LedgerPosition) -> Result<Preimage, JournalError> {
        let rows = self.ledger.read(position, 1)?;
        let row = rows
            .first()
            .filter(|row| row.position == position)
            .ok_or(JournalError::NoEntry(position.0))?;
        Preimage::open(row, &self.vault).map_err(unreadable(row))
    }

    fn all(&self, rows: &[LedgerRow]) -> Result<Vec<Found>, JournalError> {
        rows.iter().map(|row| self.found(row)).collect()
    }

    fn found(&self, row: &LedgerRow) -> Result<Found, JournalError> {
        let preimage = Preimage::open(row, &self.vault).map_err(unreadable(row))?;
        Ok(Found {
            position: row.position,
            entry: preimage.entry().map_err(unreadable(row))?,
        })
    }
}

fn unreadable(row: &LedgerRow) -> impl Fn(EncodingError) -> JournalError {
    let position = row.position.0;
    move |source| JournalError::Unreadable { position, source }
}

const ROWS_MAX: u32 = 256;

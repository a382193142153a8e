//! A ledger in memory.

use std::sync::Mutex;

use crate::domain::entry::VisitId;
use crate::domain::person::PersonId;
use crate::journal::{
    ActorKey, Ledger, LedgerError, LedgerHead, LedgerPosition, LedgerRow, RowStage,
};
use crate::store::memory::hold;

/// [`Ledger`] that lives as long as the value. Finds by looking at every row.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    rows: Mutex<Vec<LedgerRow>>,
}

impl MemoryLedger {
    fn newest(
        &self,
        before: LedgerPosition,
        rows_max: u32,
        wanted: impl Fn(&[LedgerRow], &LedgerRow) -> bool,
    ) -> Vec<LedgerRow> {
        let rows = hold(&self.rows);
        rows.iter()
            .rev()
            .filter(|row| row.position < before && wanted(&rows, row))
            .take(rows_max as usize)
            .cloned()
            .collect()
    }
}

impl Ledger for MemoryLedger {
    fn append(&self, rows: &[LedgerRow]) -> Result<(), LedgerError> {
        let mut held = hold(&self.rows);
        let next = held.len() as u64;
        if (next..).zip(rows).any(|(n, row)| row.position.0 != n) {
            return Err(LedgerError::Moved);
        }
        held.extend_from_slice(rows);
        Ok(())
    }

    fn has_space(&self) -> Result<bool, LedgerError> {
        Ok(true)
    }

    fn head(&self) -> Result<LedgerHead, LedgerError> {
        let rows = hold(&self.rows);
        Ok(rows.last().map_or(LedgerHead::EMPTY, |row| LedgerHead {
            next: LedgerPosition(row.position.0 + 1),
            link: row.link,
        }))
    }

    fn read(&self, from: LedgerPosition, rows_max: u32) -> Result<Vec<LedgerRow>, LedgerError> {
        let rows = hold(&self.rows);
        let wanted = rows.iter().filter(|row| row.position >= from);
        Ok(wanted.take(rows_max as usize).cloned().collect())
    }

    fn of_subject(
        &self,
        subject: PersonId,
        before: LedgerPosition,
        rows_max: u32,
    ) -> Result<Vec<LedgerRow>, LedgerError> {
        Ok(self.newest(before, rows_max, |_, row| row.subjects.contains(&subject)))
    }

    fn of_actor(
        &self,
        actor: &ActorKey,
        before: LedgerPosition,
        rows_max: u32,
    ) -> Result<Vec<LedgerRow>, LedgerError> {
        Ok(self.newest(before, rows_max, |_, row| row.actor.as_ref() == Some(actor)))
    }

    fn of_visit(&self, visit: VisitId) -> Result<Vec<LedgerRow>, LedgerError> {
        let rows = hold(&self.rows);
        let wanted = rows.iter().filter(|row| row.visit == visit);
        Ok(wanted.cloned().collect())
    }

    fn open_intents(
        &self,
        before: LedgerPosition,
        rows_max: u32,
    ) -> Result<Vec<LedgerRow>, LedgerError> {
        Ok(self.newest(before, rows_max, |rows, row| {
            let ends =
                |other: &LedgerRow| other.visit == row.visit && other.stage == RowStage::Outcome;
            row.stage == RowStage::Intent && !rows.iter().any(ends)
        }))
    }
}

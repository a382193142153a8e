//! What a ledger must keep.

use std::sync::Arc;

use crate::domain::entry::VisitId;
use crate::domain::person::PersonId;
use crate::journal::{
    ActorKey, Ledger, LedgerError, LedgerHead, LedgerPosition, LedgerRow, Link, RowStage,
};
use crate::store::conformance::{Breach, done, hold_to};
use crate::tlog::Hash;

/// Holds an empty [`Ledger`] to its promises.
pub fn ledger(reopen: &dyn Fn() -> Arc<dyn Ledger>) -> Result<(), Breach> {
    let store = reopen();
    hold_to(
        done(store.head())? == LedgerHead::EMPTY,
        "a new ledger is empty",
    )?;
    let rows = rows();
    let (first, rest) = rows.split_at_checked(3).unwrap_or((&rows, &[]));
    done(store.append(first))?;
    done(store.append(rest))?;
    refusals(store.as_ref(), &rows)?;
    order(reopen().as_ref(), &rows)?;
    found(reopen().as_ref(), &rows)
}

/// Eight rows: visits 0 to 3 with intent and outcome each, but for visit 2 the outcome is missing
/// and visit 1 has another row instead.
fn rows() -> Vec<LedgerRow> {
    let stages = [
        (0, RowStage::Intent),
        (0, RowStage::Outcome),
        (1, RowStage::Intent),
        (1, RowStage::Outcome),
        (2, RowStage::Intent),
        (1, RowStage::Outcome),
        (3, RowStage::Intent),
        (3, RowStage::Outcome),
    ];
    let mut link = Link::BEGINNING;
    let mut rows = Vec::new();
    for (n, (visit, stage)) in (0_u8..).zip(stages) {
        let position = LedgerPosition(u64::from(n));
        let leaf = Hash::leaf(&[n]);
        link = link.then(position, &leaf);
        rows.push(LedgerRow {
            position,
            link,
            leaf,
            sealed: vec![n; usize::from(n) * 100],
            visit: VisitId::from_bytes([visit; 16]),
            stage,
            subjects: (0..n % 3).map(person).collect(),
            actor: (n % 2 == 0).then(|| ActorKey::from_stored(format!("actor {visit}"))),
        });
    }
    rows
}

fn person(n: u8) -> PersonId {
    PersonId::from_bytes([n; 32])
}

fn refusals(store: &dyn Ledger, rows: &[LedgerRow]) -> Result<(), Breach> {
    let head = done(store.head())?;
    let beyond = LedgerRow {
        position: LedgerPosition(head.next.0 + 1),
        ..rows.first().cloned().ok_or(Breach("no rows".to_owned()))?
    };
    for wrong in [rows, &[beyond]] {
        let refused = store.append(wrong);
        hold_to(
            matches!(refused, Err(LedgerError::Moved)),
            "rows are only appended where the ledger ends",
        )?;
    }
    hold_to(
        done(store.head())? == head,
        "what was refused was not written",
    )
}

fn order(store: &dyn Ledger, rows: &[LedgerRow]) -> Result<(), Breach> {
    let head = done(store.head())?;
    let last = rows.last().map(|row| row.link);
    hold_to(
        head.next.0 == rows.len() as u64 && Some(head.link) == last,
        "the head is that of the last row",
    )?;
    hold_to(
        done(store.read(LedgerPosition(0), 100))? == rows,
        "rows are read as they were written, in order",
    )?;
    let part = done(store.read(LedgerPosition(2), 3))?;
    hold_to(
        Some(part.as_slice()) == rows.get(2..5),
        "a part is read in order",
    )?;
    let beyond = done(store.read(head.next, 100))?;
    hold_to(beyond.is_empty(), "there is nothing beyond the end")
}

fn found(store: &dyn Ledger, rows: &[LedgerRow]) -> Result<(), Breach> {
    let newest = |wanted: &dyn Fn(&LedgerRow) -> bool| -> Vec<LedgerRow> {
        rows.iter()
            .rev()
            .filter(|row| wanted(row))
            .cloned()
            .collect()
    };
    let all = LedgerPosition(u64::MAX);
    let about = newest(&|row| row.subjects.contains(&person(0)));
    let rows_found = done(store.of_subject(person(0), all, 100))?;
    hold_to(
        rows_found == about,
        "a subject's rows are found, newest first",
    )?;
    let second = about.get(1).map_or(all, |row| row.position);
    let page = done(store.of_subject(person(0), second, 2))?;
    hold_to(
        Some(page.as_slice()) == about.get(2..4),
        "a subject's rows are paged",
    )?;
    let strangers = done(store.of_subject(person(9), all, 100))?;
    hold_to(strangers.is_empty(), "a stranger has no rows")?;

    let actor = ActorKey::from_stored("actor 1".to_owned());
    let by = newest(&|row| row.actor.as_ref() == Some(&actor));
    hold_to(
        done(store.of_actor(&actor, all, 9))? == by,
        "an actor's rows are found",
    )?;

    let visit = VisitId::from_bytes([1; 16]);
    let mut of = newest(&|row| row.visit == visit);
    of.reverse();
    hold_to(
        done(store.of_visit(visit))? == of,
        "a visit's rows are found, in order",
    )?;

    let open = done(store.open_intents(all, 9))?;
    let open: Vec<u64> = open.iter().map(|row| row.position.0).collect();
    hold_to(
        open == [4],
        "an intent is open until its visit has an outcome",
    )
}

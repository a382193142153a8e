//! The ledger in a SQLite file: one connection writes, another reads what is committed.

use std::path::Path;
use std::sync::Mutex;

use rusqlite::{Connection, OptionalExtension, Params, Row, TransactionBehavior, params};

use crate::domain::entry::VisitId;
use crate::domain::person::PersonId;
use crate::journal::{
    ActorKey, Ledger, LedgerError, LedgerHead, LedgerPosition, LedgerRow, Link, RowStage,
};
use crate::store::embedded::sqlite::{self, Durability, Kind, from_row, hold, to_row};
use crate::store::embedded::{Space, SqliteError, folder_of};
use crate::tlog::Hash;

/// [`Ledger`] of this node.
#[derive(Debug)]
pub struct SqliteLedger {
    /// Absent where the file was opened for reading only.
    writer: Option<Mutex<Connection>>,
    reader: Mutex<Connection>,
    space: Space,
}

impl SqliteLedger {
    /// Makes the file of a new ledger.
    pub fn create(path: &Path, free_bytes_min: u64) -> Result<Self, SqliteError> {
        sqlite::create(path, KIND, Durability::Full).map(drop)?;
        Self::open(path, free_bytes_min)
    }

    /// Opens an existing ledger; `free_bytes_min` of its disk stay free.
    pub fn open(path: &Path, free_bytes_min: u64) -> Result<Self, SqliteError> {
        let writer = sqlite::open(path, KIND, Durability::Full)?;
        Ok(Self {
            writer: Some(Mutex::new(writer)),
            reader: Mutex::new(sqlite::open_read_only(path, KIND)?),
            space: Space::new(folder_of(path), free_bytes_min),
        })
    }

    /// Opens an existing ledger for reading, also while another process writes it.
    pub fn open_read_only(path: &Path) -> Result<Self, SqliteError> {
        Ok(Self {
            writer: None,
            reader: Mutex::new(sqlite::open_read_only(path, KIND)?),
            space: Space::new(folder_of(path), 0),
        })
    }

    fn has_room(&self, bytes: u64) -> Result<bool, LedgerError> {
        self.space.has(bytes).map_err(|source| LedgerError::Broken {
            action: "ask how much space is left",
            source: source.into(),
        })
    }

    fn write(writer: &Mutex<Connection>, rows: &[LedgerRow]) -> rusqlite::Result<bool> {
        let mut connection = hold(writer);
        // A transaction that begins by reading does not wait for another's lock once it writes.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let last: Option<i64> =
            transaction.query_row("select max(position) from entry", [], |row| row.get(0))?;
        let next = last.map_or(0, |last| from_row(last) + 1);
        if (next..).zip(rows).any(|(n, row)| row.position.0 != n) {
            return Ok(false);
        }
        insert(&transaction, rows)?;
        transaction.commit().map(|()| true)
    }

    /// The rows that a query finds, with their subjects.
    fn find(&self, query: &str, bind: impl Params) -> Result<Vec<LedgerRow>, LedgerError> {
        let run = || {
            let connection = hold(&self.reader);
            // One transaction, so that a row and its subjects are of one moment.
            let transaction = connection.unchecked_transaction()?;
            let columns = "select position, link, leaf, sealed, visit, stage, actor from entry";
            let mut entries = transaction.prepare(&format!("{columns} {query}"))?;
            let mut rows: Vec<LedgerRow> = entries
                .query_map(bind, read_row)?
                .collect::<rusqlite::Result<_>>()?;
            let mut subjects = transaction
                .prepare("select subject from lane where position = ?1 order by subject")?;
            for row in &mut rows {
                row.subjects = subjects
                    .query_map([to_row(row.position.0)], |found| found.get(0))?
                    .map(|subject| subject.map(PersonId::from_bytes))
                    .collect::<rusqlite::Result<_>>()?;
            }
            Ok(rows)
        };
        run().map_err(broken("read the ledger"))
    }
}

impl Ledger for SqliteLedger {
    fn append(&self, rows: &[LedgerRow]) -> Result<(), LedgerError> {
        let broken = broken("write the ledger");
        let Some(writer) = &self.writer else {
            return Err(broken(rusqlite::Error::InvalidQuery));
        };
        let sealed: usize = rows.iter().map(|row| row.sealed.len()).sum();
        // Each entry goes to the journal of the file first and into the file later, with its index.
        let bytes = 2 * (sealed as u64 + rows.len() as u64 * INDEX_BYTES);
        if !self.has_room(bytes)? {
            return Err(LedgerError::NoSpace);
        }
        if Self::write(writer, rows).map_err(broken)? {
            return Ok(());
        }
        Err(LedgerError::Moved)
    }

    fn has_space(&self) -> Result<bool, LedgerError> {
        self.has_room(NEXT_BYTES)
    }

    fn head(&self) -> Result<LedgerHead, LedgerError> {
        let last = hold(&self.reader)
            .query_row(
                "select position, link from entry order by position desc limit 1",
                [],
                |row| Ok((from_row(row.get(0)?), row.get(1)?)),
            )
            .optional()
            .map_err(broken("read the ledger"))?;
        Ok(
            last.map_or(LedgerHead::EMPTY, |(position, link)| LedgerHead {
                next: LedgerPosition(position + 1),
                link: Link::from_bytes(link),
            }),
        )
    }

    fn read(&self, from: LedgerPosition, rows_max: u32) -> Result<Vec<LedgerRow>, LedgerError> {
        self.find(
            "where position >= ?1 order by position limit ?2",
            params![to_row(from.0), rows_max],
        )
    }

    fn of_subject(
        &self,
        subject: PersonId,
        before: LedgerPosition,
        rows_max: u32,
    ) -> Result<Vec<LedgerRow>, LedgerError> {
        self.find(
            "where position in (select position from lane where subject = ?1 and position < ?2
                                order by position desc limit ?3)
             order by position desc",
            params![subject.as_bytes(), to_row(before.0), rows_max],
        )
    }

    fn of_actor(
        &self,
        actor: &ActorKey,
        before: LedgerPosition,
        rows_max: u32,
    ) -> Result<Vec<LedgerRow>, LedgerError> {
        self.find(
            "where actor = ?1 and position < ?2 order by position desc limit ?3",
            params![actor.as_str(), to_row(before.0), rows_max],
        )
    }

    fn of_visit(&self, visit: VisitId) -> Result<Vec<LedgerRow>, LedgerError> {
        self.find("where visit = ?1 order by position", [visit.as_bytes()])
    }

    fn open_intents(
        &self,
        before: LedgerPosition,
        rows_max: u32,
    ) -> Result<Vec<LedgerRow>, LedgerError> {
        self.find(
            "where stage = 0 and position < ?1 and not exists (
                 select 1 from entry as ended where ended.visit = entry.visit and ended.stage = 1)
             order by position desc limit ?2",
            params![to_row(before.0), rows_max],
        )
    }
}

fn insert(connection: &Connection, rows: &[LedgerRow]) -> rusqlite::Result<()> {
    let mut entry = connection.prepare(
        "insert into entry (position, link, leaf, sealed, visit, stage, actor)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut lane = connection.prepare("insert into lane values (?1, ?2)")?;
    for row in rows {
        let position = to_row(row.position.0);
        let stage = match row.stage {
            RowStage::Intent => INTENT,
            RowStage::Outcome => OUTCOME,
        };
        entry.execute(params![
            position,
            row.link.as_bytes(),
            row.leaf.as_bytes(),
            row.sealed,
            row.visit.as_bytes(),
            stage,
            row.actor.as_ref().map(ActorKey::as_str),
        ])?;
        for subject in &row.subjects {
            lane.execute(params![subject.as_bytes(), position])?;
        }
    }
    Ok(())
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<LedgerRow> {
    let stage: i64 = row.get(5)?;
    let stage = match stage {
        INTENT => RowStage::Intent,
        OUTCOME => RowStage::Outcome,
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(5, other)),
    };
    let actor: Option<String> = row.get(6)?;
    Ok(LedgerRow {
        position: LedgerPosition(from_row(row.get(0)?)),
        link: Link::from_bytes(row.get(1)?),
        leaf: Hash::from_bytes(row.get(2)?),
        sealed: row.get(3)?,
        visit: VisitId::from_bytes(row.get(4)?),
        stage,
        subjects: Vec::new(),
        actor: actor.map(ActorKey::from_stored),
    })
}

fn broken(action: &'static str) -> impl Fn(rusqlite::Error) -> LedgerError {
    move |source| LedgerError::Broken {
        action,
        source: source.into(),
    }
}

const INTENT: i64 = 0;
const OUTCOME: i64 = 1;
/// What one row takes beside its encrypted entry, generously.
const INDEX_BYTES: u64 = 1024;
/// What the next batch of entries may take: less room than this is none.
const NEXT_BYTES: u64 = 64 * 1024;

const KIND: Kind = Kind {
    application_id: 0x4d68_6a6c,
    tables: "
        create table entry (
            position integer primary key,
            link blob not null check (length(link) = 32),
            leaf blob not null check (length(leaf) = 32),
            sealed blob not null,
            visit blob not null check (length(visit) = 16),
            stage integer not null check (stage in (0, 1)),
            actor text
        ) strict;
        create index entry_visit on entry (visit, stage);
        create index entry_actor on entry (actor, position) where actor is not null;
        create index entry_intent on entry (position) where stage = 0;
        create table lane (
            subject blob not null check (length(subject) = 32),
            position integer not null,
            primary key (subject, position)
        ) strict, without rowid;
        create index lane_position on lane (position);",
};

//! The document index in a SQLite file.

use std::path::Path;
use std::sync::Mutex;

use rusqlite::{
    Connection, OptionalExtension, Params, Row, Transaction, TransactionBehavior, params,
};

use crate::notary::index::{
    CodeKey, SealIndex, SealKey, SealRow, SealStage, SealStoreError, SealWrite, Written,
};
use crate::notary::leaf::Sha256;
use crate::store::embedded::documents::broken;
use crate::store::embedded::sqlite::{self, Durability, Kind, hold, to_row};
use crate::store::embedded::{Space, SqliteError, folder_of};

/// [`SealIndex`] of this node.
#[derive(Debug)]
pub struct SqliteSealIndex {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    space: Space,
}

impl SqliteSealIndex {
    /// Makes the file of a new index.
    pub fn create(path: &Path, free_bytes_min: u64) -> Result<Self, SqliteError> {
        sqlite::create(path, KIND, Durability::Full).map(drop)?;
        Self::open(path, free_bytes_min)
    }

    /// Opens an existing index; `free_bytes_min` of its disk stay free.
    pub fn open(path: &Path, free_bytes_min: u64) -> Result<Self, SqliteError> {
        Ok(Self {
            writer: Mutex::new(sqlite::open(path, KIND, Durability::Full)?),
            reader: Mutex::new(sqlite::open_read_only(path, KIND)?),
            space: Space::new(folder_of(path), free_bytes_min),
        })
    }

    fn rows(&self, query: &str, bind: impl Params) -> Result<Vec<SealRow>, SealStoreError> {
        let read = || {
            let connection = hold(&self.reader);
            let mut select = connection.prepare(query)?;
            select
                .query_map(bind, read_row)?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(broken("read the document index"))
    }
}

impl SealIndex for SqliteSealIndex {
    fn write(&self, writes: &[SealWrite]) -> Result<Vec<Written>, SealStoreError> {
        let bytes: u64 = writes.iter().map(bytes_of).sum();
        let room = self.space.has(bytes);
        let room = room.map_err(|source| SealStoreError::Broken {
            action: "ask how much space is left",
            source: source.into(),
        })?;
        if !room {
            return Err(SealStoreError::NoSpace);
        }
        let run = || {
            let mut connection = hold(&self.writer);
            let immediate = TransactionBehavior::Immediate;
            let transaction = connection.transaction_with_behavior(immediate)?;
            let written = writes.iter().map(|write| one(&transaction, write));
            let written = written.collect::<rusqlite::Result<Vec<_>>>()?;
            transaction.commit()?;
            Ok(written)
        };
        run().map_err(broken("write the document index"))
    }

    fn find(&self, key: &SealKey) -> Result<Option<SealRow>, SealStoreError> {
        let (query, key) = match key {
            SealKey::Code(code) => (BY_CODE, code.0.0),
            SealKey::Number(number) => (BY_NUMBER, number.0.0),
            SealKey::Content(content) => (BY_CONTENT, content.0),
            SealKey::File(file) => (BY_FILE, file.0),
        };
        let read = || {
            hold(&self.reader)
                .prepare(query)?
                .query_row([key], read_row)
                .optional()
        };
        read().map_err(broken("read the document index"))
    }

    fn revoked(&self, after: u64, rows_max: u32) -> Result<Vec<SealRow>, SealStoreError> {
        self.rows(
            "select code, stage, record from seal where revoked > ?1 order by revoked limit ?2",
            params![to_row(after), rows_max],
        )
    }

    fn staged(&self, rows_max: u32) -> Result<Vec<SealRow>, SealStoreError> {
        self.rows(
            "select code, stage, record from seal where stage = 0 order by rowid limit ?1",
            params![rows_max],
        )
    }
}

/// One write. What is taken is found out by the same statement that would take it.
fn one(transaction: &Transaction<'_>, write: &SealWrite) -> rusqlite::Result<Written> {
    let changed = match write {
        SealWrite::Stage(seal) => transaction
            .prepare(
                "insert or ignore into seal (code, number, content, stage, record)
                 values (?1, ?2, ?3, 0, ?4)",
            )?
            .execute(params![
                seal.code.0.0,
                seal.number.0.0,
                seal.content.0,
                seal.record
            ])?,
        SealWrite::Release(seal) => transaction
            .prepare(
                "update or ignore seal set stage = 1, file = ?2, record = ?3
                 where code = ?1 and stage = 0",
            )?
            .execute(params![seal.code.0.0, seal.file.0, seal.record])?,
        SealWrite::Revoke(seal) => transaction
            .prepare(
                "update seal set stage = 2, record = ?2,
                     revoked = (select coalesce(max(revoked), 0) + 1 from seal)
                 where code = ?1 and stage = 1",
            )?
            .execute(params![seal.code.0.0, seal.record])?,
    };
    Ok(match changed {
        1 => Written::Done,
        _ => Written::Conflict,
    })
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<SealRow> {
    let stage: i64 = row.get(1)?;
    let stage = match stage {
        0 => SealStage::Staged,
        1 => SealStage::Released,
        2 => SealStage::Revoked,
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(1, other)),
    };
    Ok(SealRow {
        code: CodeKey(Sha256(row.get(0)?)),
        stage,
        record: row.get(2)?,
    })
}

/// What a write may take: the row goes to the journal of the file first and into the file later.
fn bytes_of(write: &SealWrite) -> u64 {
    let record = match write {
        SealWrite::Stage(seal) => seal.record.len(),
        SealWrite::Release(seal) => seal.record.len(),
        SealWrite::Revoke(seal) => seal.record.len(),
    };
    2 * (record as u64 + ROW_BYTES)
}

const BY_CODE: &str = "select code, stage, record from seal where code = ?1";
const BY_NUMBER: &str = "select code, stage, record from seal where number = ?1";
const BY_CONTENT: &str = "select code, stage, record from seal where content = ?1";
const BY_FILE: &str = "select code, stage, record from seal where file = ?1";

/// What one row takes with its indexes beside its record, generously.
const ROW_BYTES: u64 = 1024;

const KIND: Kind = Kind {
    application_id: 0x4d68_6478,
    tables: "
        create table seal (
            code blob primary key check (length(code) = 32),
            number blob not null unique check (length(number) = 32),
            content blob not null unique check (length(content) = 32),
            file blob unique check (length(file) = 32),
            stage integer not null check (stage in (0, 1, 2)),
            record blob not null,
            revoked integer unique
        ) strict;
        create index seal_staged on seal (stage) where stage = 0;",
};

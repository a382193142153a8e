//! First positions of leaves in a SQLite file.

use std::path::Path;
use std::sync::Mutex;

use rusqlite::{Connection, OptionalExtension, params};

use crate::store::embedded::SqliteError;
use crate::store::embedded::sqlite::{self, Durability, Kind, from_row, hold, to_row};
use crate::tlog::Hash;
use crate::tlog::storage::{LeafIndex, StorageError};

/// [`LeafIndex`]; a file that is removed is rebuilt.
#[derive(Debug)]
pub struct SqliteLeafIndex {
    connection: Mutex<Connection>,
}

impl SqliteLeafIndex {
    /// Opens the file, or makes it: all that is in it can be had from the tiles.
    pub fn open_or_rebuild(path: &Path) -> Result<Self, SqliteError> {
        let connection = match sqlite::open(path, KIND, Durability::Rebuildable) {
            Err(SqliteError::Missing(_)) => sqlite::create(path, KIND, Durability::Rebuildable)?,
            opened => opened?,
        };
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }
}

impl LeafIndex for SqliteLeafIndex {
    fn covered(&self) -> Result<u64, StorageError> {
        hold(&self.connection)
            .query_row("select leaves from covered", [], |row| row.get(0))
            .optional()
            .map(|leaves| leaves.map_or(0, from_row))
            .map_err(broken("read the index of leaves"))
    }

    fn first(&self, leaf: &Hash) -> Result<Option<u64>, StorageError> {
        hold(&self.connection)
            .prepare("select position from leaf where hash = ?1")
            .and_then(|mut select| {
                select
                    .query_row([leaf.as_bytes()], |row| row.get(0))
                    .optional()
            })
            .map(|position| position.map(from_row))
            .map_err(broken("read the index of leaves"))
    }

    fn learn(&self, from: u64, leaves: &[Hash]) -> Result<(), StorageError> {
        let write = || {
            let mut connection = hold(&self.connection);
            let transaction = connection.transaction()?;
            let covered: Option<i64> = transaction
                .query_row("select leaves from covered", [], |row| row.get(0))
                .optional()?;
            if from_row(covered.unwrap_or(0)) != from {
                return Ok(false);
            }
            let mut insert = transaction.prepare(
                "insert into leaf (hash, position) values (?1, ?2) on conflict do nothing",
            )?;
            for (position, leaf) in (from..).zip(leaves) {
                insert.execute(params![leaf.as_bytes(), to_row(position)])?;
            }
            drop(insert);
            transaction.execute(
                "insert into covered (one, leaves) values (1, ?1)
                 on conflict (one) do update set leaves = excluded.leaves",
                [to_row(from + leaves.len() as u64)],
            )?;
            transaction.commit().map(|()| true)
        };
        let action = "write the index of leaves";
        if write().map_err(broken(action))? {
            return Ok(());
        }
        let gap = "they do not follow those that are known";
        Err(StorageError::broken(action, gap))
    }
}

fn broken(action: &'static str) -> impl Fn(rusqlite::Error) -> StorageError {
    move |source| StorageError::broken(action, source)
}

const KIND: Kind = Kind {
    application_id: 0x4d68_6c69,
    tables: "create table leaf (hash blob primary key, position integer not null)
                 strict, without rowid;
             create table covered (one integer primary key check (one = 1), leaves integer not null)
                 strict",
};

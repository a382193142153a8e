//! The checkpoint lock in a SQLite file of its own, outside the data and outside backups.

use std::path::Path;
use std::sync::Mutex;

use rusqlite::{Connection, OptionalExtension, params};

use crate::store::embedded::SqliteError;
use crate::store::embedded::sqlite::{self, Durability, Kind, hold};
use crate::tlog::Origin;
use crate::tlog::storage::{CheckpointLock, LockError};

/// [`CheckpointLock`]: one row a log.
#[derive(Debug)]
pub struct SqliteLock {
    connection: Mutex<Connection>,
}

impl SqliteLock {
    /// Makes a new file without any lock.
    pub fn create(path: &Path) -> Result<Self, SqliteError> {
        Ok(Self {
            connection: Mutex::new(sqlite::create(path, KIND, Durability::Full)?),
        })
    }

    /// Opens an existing file.
    pub fn open(path: &Path) -> Result<Self, SqliteError> {
        Ok(Self {
            connection: Mutex::new(sqlite::open(path, KIND, Durability::Full)?),
        })
    }
}

impl CheckpointLock for SqliteLock {
    fn create(&self, origin: &Origin, note: &str) -> Result<(), LockError> {
        let made = hold(&self.connection)
            .execute(
                "insert into checkpoint (origin, note) values (?1, ?2) on conflict do nothing",
                params![origin.as_str(), note],
            )
            .map_err(broken("create the lock"))?;
        match made {
            0 => Err(LockError::Exists(origin.clone())),
            _ => Ok(()),
        }
    }

    fn fetch(&self, origin: &Origin) -> Result<Option<String>, LockError> {
        hold(&self.connection)
            .query_row(
                "select note from checkpoint where origin = ?1",
                [origin.as_str()],
                |row| row.get(0),
            )
            .optional()
            .map_err(broken("read the lock"))
    }

    fn replace(&self, origin: &Origin, old: &str, new: &str) -> Result<(), LockError> {
        let moved = hold(&self.connection)
            .execute(
                "update checkpoint set note = ?3 where origin = ?1 and note = ?2",
                params![origin.as_str(), old, new],
            )
            .map_err(broken("move the lock"))?;
        match moved {
            0 => Err(LockError::Lost(origin.clone())),
            _ => Ok(()),
        }
    }
}

fn broken(action: &'static str) -> impl Fn(rusqlite::Error) -> LockError {
    move |source| LockError::Broken {
        action: action.to_owned(),
        source: source.into(),
    }
}

const KIND: Kind = Kind {
    application_id: 0x4d68_6c6b,
    tables: "create table checkpoint (origin text primary key, note text not null) strict",
};

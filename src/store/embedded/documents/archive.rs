//! Sealed documents, encrypted, in a SQLite file.

use std::path::Path;
use std::sync::Mutex;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::notary::index::{ArchivedDocument, CodeKey, DocumentArchive, SealStoreError};
use crate::store::embedded::documents::broken;
use crate::store::embedded::sqlite::{self, Durability, Kind, hold};
use crate::store::embedded::{Space, SqliteError, folder_of};

/// [`DocumentArchive`] of this node.
#[derive(Debug)]
pub struct SqliteArchive {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    space: Space,
}

impl SqliteArchive {
    /// Makes the file of a new archive.
    pub fn create(path: &Path, free_bytes_min: u64) -> Result<Self, SqliteError> {
        sqlite::create(path, KIND, Durability::Full).map(drop)?;
        Self::open(path, free_bytes_min)
    }

    /// Opens an existing archive; `free_bytes_min` of its disk stay free.
    pub fn open(path: &Path, free_bytes_min: u64) -> Result<Self, SqliteError> {
        Ok(Self {
            writer: Mutex::new(sqlite::open(path, KIND, Durability::Full)?),
            reader: Mutex::new(sqlite::open_read_only(path, KIND)?),
            space: Space::new(folder_of(path), free_bytes_min),
        })
    }
}

impl DocumentArchive for SqliteArchive {
    fn keep(&self, documents: &[ArchivedDocument]) -> Result<(), SealStoreError> {
        // Each document goes to the journal of the file first and into the file later.
        let bytes: u64 = documents
            .iter()
            .map(|document| 2 * (document.encrypted.len() as u64 + ROW_BYTES))
            .sum();
        let room = self.space.has(bytes);
        let room = room.map_err(|source| SealStoreError::Broken {
            action: "ask how much space is left",
            source: source.into(),
        })?;
        if !room {
            return Err(SealStoreError::NoSpace);
        }
        let write = || {
            let mut connection = hold(&self.writer);
            let immediate = TransactionBehavior::Immediate;
            let transaction = connection.transaction_with_behavior(immediate)?;
            {
                let mut insert =
                    transaction.prepare("insert or replace into document values (?1, ?2)")?;
                for document in documents {
                    insert.execute(params![document.code.0.0, document.encrypted])?;
                }
            }
            transaction.commit()
        };
        write().map_err(broken("write the archive"))
    }

    fn fetch(&self, code: &CodeKey) -> Result<Option<Vec<u8>>, SealStoreError> {
        let read = || {
            hold(&self.reader)
                .prepare("select encrypted from document where code = ?1")?
                .query_row([code.0.0], |row| row.get(0))
                .optional()
        };
        read().map_err(broken("read the archive"))
    }
}

/// What one row takes beside its document, generously.
const ROW_BYTES: u64 = 512;

const KIND: Kind = Kind {
    application_id: 0x4d68_6172,
    tables: "
        create table document (
            code blob primary key check (length(code) = 32),
            encrypted blob not null
        ) strict;",
};

//! How this house opens SQLite files.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags};

use crate::store::embedded::durable;

/// Why a file of rows does not open.
#[derive(Debug, thiserror::Error)]
pub enum SqliteError {
    #[error("`{}` does not exist; serving never creates it", .0.display())]
    Missing(PathBuf),
    #[error("`{}` exists already", .0.display())]
    Exists(PathBuf),
    #[error("`{}` holds something else than expected", .0.display())]
    OtherKind(PathBuf),
    #[error("cannot open `{}`", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("cannot open `{}`", path.display())]
    Sqlite {
        path: PathBuf,
        source: rusqlite::Error,
    },
}

/// What a file holds: a number in its head, and the tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) application_id: i32,
    pub(super) tables: &'static str,
}

/// How sure a commit is when it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// Through fsync.
    Full,
    /// Whole, but perhaps lost with the power: for what can be rebuilt.
    Rebuildable,
}

/// Makes a new file, readable by its owner only.
pub(super) fn create(
    path: &Path,
    kind: Kind,
    durability: Durability,
) -> Result<Connection, SqliteError> {
    let io = |source| SqliteError::Io {
        path: path.to_owned(),
        source,
    };
    let made: io::Result<File> = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            return Err(SqliteError::Exists(path.to_owned()));
        }
        made => made.map(drop).map_err(io)?,
    }
    let set_up = |connection: &Connection| {
        connection.pragma_update(None, "application_id", kind.application_id)?;
        connection.execute_batch(kind.tables)
    };
    let connection = connect(path, durability, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|connection| set_up(&connection).map(|()| connection))
        .map_err(|source| SqliteError::Sqlite {
            path: path.to_owned(),
            source,
        })?;
    durable::sync_folder(path.parent().unwrap_or(Path::new("/"))).map_err(io)?;
    Ok(connection)
}

/// Opens an existing file for writing.
pub(super) fn open(
    path: &Path,
    kind: Kind,
    durability: Durability,
) -> Result<Connection, SqliteError> {
    open_with(path, kind, durability, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// Opens an existing file for reading only, also while another process writes it.
pub(super) fn open_read_only(path: &Path, kind: Kind) -> Result<Connection, SqliteError> {
    open_with(
        path,
        kind,
        Durability::Full,
        OpenFlags::SQLITE_OPEN_READ_ONLY,
    )
}

fn open_with(
    path: &Path,
    kind: Kind,
    durability: Durability,
    flags: OpenFlags,
) -> Result<Connection, SqliteError> {
    if !path.is_file() {
        return Err(SqliteError::Missing(path.to_owned()));
    }
    let failed = |source| SqliteError::Sqlite {
        path: path.to_owned(),
        source,
    };
    let connection = connect(path, durability, flags).map_err(failed)?;
    let found: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(failed)?;
    if found != kind.application_id {
        return Err(SqliteError::OtherKind(path.to_owned()));
    }
    Ok(connection)
}

fn connect(path: &Path, durability: Durability, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    if flags.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
        connection.pragma_update(None, "journal_mode", "wal")?;
        let synchronous = match durability {
            Durability::Full => "full",
            Durability::Rebuildable => "normal",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
    }
    connection.pragma_update(None, "trusted_schema", "off")?;
    Ok(connection)
}

/// Takes the connection; one that panicked has rolled back what it had begun.
pub(super) fn hold(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number as SQLite keeps it. Counts of ours never reach 2^63.
pub(super) fn to_row(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number from a row that only [`to_row`] wrote.
pub(super) fn from_row(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

const BUSY: std::time::Duration = std::time::Duration::from_secs(5);

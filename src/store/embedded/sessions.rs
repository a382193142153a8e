//! Sessions in a SQLite file of their own.

use std::path::Path;
use std::sync::Mutex;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::domain::time::Timestamp;
use crate::identity::session::{Changed, RowKey, SessionRow, SessionStore, SessionStoreError};
use crate::store::embedded::SqliteError;
use crate::store::embedded::sqlite::{self, Durability, Kind, from_row, hold, to_row};

/// [`SessionStore`]: a file that several processes may use at once.
#[derive(Debug)]
pub struct SqliteSessions {
    connection: Mutex<Connection>,
}

impl SqliteSessions {
    /// Makes a new file without any session.
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

    /// Does something that counts as a change when it touched a row.
    fn change(
        &self,
        action: &'static str,
        key: &RowKey,
        at: Timestamp,
        touch: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<usize>,
    ) -> Result<bool, SessionStoreError> {
        let failed = broken(action);
        let mut connection = hold(&self.connection);
        let transaction = connection.transaction().map_err(&failed)?;
        let touched = touch(&transaction).map_err(&failed)? > 0;
        if touched {
            let note = "insert into change (key, at) values (?1, ?2)";
            transaction
                .execute(note, params![key.0, at.unix_ms()])
                .map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)?;
        Ok(touched)
    }
}

impl SessionStore for SqliteSessions {
    fn insert(&self, row: &SessionRow) -> Result<(), SessionStoreError> {
        let insert = "insert into session (key, idle_until, ends, sealed) values (?1, ?2, ?3, ?4)";
        let (idle_until, ends) = (row.idle_until.unix_ms(), row.ends.unix_ms());
        hold(&self.connection)
            .execute(insert, params![row.key.0, idle_until, ends, row.sealed])
            .map_err(broken("begin a session"))?;
        Ok(())
    }

    fn get(&self, key: &RowKey) -> Result<Option<SessionRow>, SessionStoreError> {
        let select = "select idle_until, ends, sealed from session where key = ?1";
        hold(&self.connection)
            .prepare(select)
            .and_then(|mut select| {
                let row = |row: &rusqlite::Row<'_>| {
                    Ok(SessionRow {
                        key: *key,
                        idle_until: Timestamp::from_unix_ms(row.get(0)?),
                        ends: Timestamp::from_unix_ms(row.get(1)?),
                        sealed: row.get(2)?,
                    })
                };
                select.query_row([key.0], row).optional()
            })
            .map_err(broken("look up a session"))
    }

    fn used(&self, key: &RowKey, idle_until: Timestamp) -> Result<bool, SessionStoreError> {
        let touched = hold(&self.connection)
            .execute(
                "update session set idle_until = ?2 where key = ?1",
                params![key.0, idle_until.unix_ms()],
            )
            .map_err(broken("note the use of a session"))?;
        Ok(touched > 0)
    }

    fn replace(
        &self,
        key: &RowKey,
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<bool, SessionStoreError> {
        let update = "update session set sealed = ?2 where key = ?1";
        self.change("change a session", key, at, |t| {
            t.execute(update, params![key.0, sealed])
        })
    }

    fn end(&self, key: &RowKey, at: Timestamp) -> Result<bool, SessionStoreError> {
        let delete = "delete from session where key = ?1";
        self.change("end a session", key, at, |t| t.execute(delete, [key.0]))
    }

    fn changed_since(&self, sequence: u64) -> Result<Changed, SessionStoreError> {
        let read = |connection: &mut Connection| -> rusqlite::Result<Changed> {
            let snapshot = connection.transaction()?;
            let last = snapshot.query_row(
                "select coalesce((select seq from sqlite_sequence where name = 'change'), 0)",
                [],
                |row| row.get(0),
            )?;
            let first: Option<i64> =
                snapshot.query_row("select min(number) from change", [], |row| row.get(0))?;
            let mut select =
                snapshot.prepare("select key from change where number > ?1 order by number")?;
            let keys = select
                .query_map([to_row(sequence)], |row| row.get(0).map(RowKey))?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            drop(select);
            let last = from_row(last);
            // The numbers are without gaps: what is before the first has been swept away.
            let swept = first.map_or(last, |first| from_row(first) - 1);
            Ok(Changed {
                sequence: last,
                keys,
                everything: sequence < swept,
            })
        };
        read(&mut hold(&self.connection)).map_err(broken("look for ended sessions"))
    }

    fn sweep(
        &self,
        now: Timestamp,
        kept_since: Timestamp,
        rows_max: u32,
    ) -> Result<(), SessionStoreError> {
        let sessions = "delete from session where key in
            (select key from session where idle_until <= ?1 or ends <= ?1 limit ?2)";
        // Only from the oldest on, whatever the clock said: `changed_since` needs them without gaps.
        let changes = "delete from change where number in
            (select number from change where number < coalesce(
                (select min(number) from change where at >= ?1), 9223372036854775807)
            order by number limit ?2)";
        let connection = hold(&self.connection);
        connection
            .execute(sessions, params![now.unix_ms(), rows_max])
            .and_then(|_| connection.execute(changes, params![kept_since.unix_ms(), rows_max]))
            .map_err(broken("remove ended sessions"))?;
        Ok(())
    }
}

fn broken(action: &'static str) -> impl Fn(rusqlite::Error) -> SessionStoreError {
    move |source| SessionStoreError {
        action,
        source: source.into(),
    }
}

const KIND: Kind = Kind {
    application_id: 0x4d68_7373,
    tables: "
        create table session (
            key blob primary key,
            idle_until integer not null,
            ends integer not null,
            sealed blob not null
        ) strict, without rowid;
        create table change (
            number integer primary key autoincrement,
            key blob not null,
            at integer not null
        ) strict;",
};

//! Backends on this machine's disk: SQLite for rows, plain files for tiles.
//!
//! What returns `Ok` here has been through fsync. Space is asked for before a write, so that a full
//! disk is a refusal; any failure after that is doubt, and said as such.

mod durable;
mod ledger;
mod sessions;
mod space;
mod sqlite;
mod tlog;

pub use ledger::SqliteLedger;
pub use sessions::SqliteSessions;
pub use space::Space;
pub use sqlite::SqliteError;
pub use tlog::{FileTiles, SqliteLeafIndex, SqliteLock};

//! Backends on this machine's disk: SQLite for rows, plain files for tiles.
//!
//! What returns `Ok` here has been through fsync. Space is asked for before a write, so that a full
//! disk is a refusal; any failure after that is doubt, and said as such.

mod documents;
mod durable;
mod ledger;
mod sessions;
mod space;
mod sqlite;
mod tlog;

pub use documents::{SqliteArchive, SqliteSealIndex};
pub use ledger::SqliteLedger;
pub use sessions::SqliteSessions;
pub use space::Space;
pub use sqlite::SqliteError;
pub use tlog::{FileTiles, SqliteLeafIndex, SqliteLock};

use std::path::Path;

/// The folder that a file stands in.
fn folder_of(path: &Path) -> &Path {
    let parent = path.parent().unwrap_or(Path::new("/"));
    if parent.as_os_str().is_empty() {
        return Path::new(".");
    }
    parent
}

//! The stores of a log: tiles in files, its lock and its index of leaves in SQLite.

mod leaf_index;
mod lock;
mod tiles;

pub use leaf_index::SqliteLeafIndex;
pub use lock::SqliteLock;
pub use tiles::FileTiles;

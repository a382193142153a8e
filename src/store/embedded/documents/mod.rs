//! Documents in two SQLite files: where seals are found, and what was sealed.

mod archive;
mod index;

pub use archive::SqliteArchive;
pub use index::SqliteSealIndex;

use crate::notary::index::SealStoreError;

fn broken(action: &'static str) -> impl Fn(rusqlite::Error) -> SealStoreError {
    move |source| SealStoreError::Broken {
        action,
        source: source.into(),
    }
}

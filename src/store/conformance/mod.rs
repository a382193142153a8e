//! One suite a trait: what every backend must keep, as plain functions.
//!
//! Each takes stores as a room sees them and says which promise is broken. `reopen` gives the same
//! stored state through a new value, as a restart does.

mod documents;
mod journal;
mod limits;
mod sessions;
mod tlog;

pub use documents::{document_archive, seal_index};
pub use journal::ledger;
pub use limits::shared_counter;
pub use sessions::sessions;
pub use tlog::{checkpoint_lock, leaf_index, tile_storage};

/// The promise that a backend does not keep.
#[derive(Debug, thiserror::Error)]
#[error("broken promise: {0}")]
pub struct Breach(pub String);

fn hold_to(kept: bool, promise: &str) -> Result<(), Breach> {
    if kept {
        return Ok(());
    }
    Err(Breach(promise.to_owned()))
}

fn done<T, E: std::error::Error>(result: Result<T, E>) -> Result<T, Breach> {
    result.map_err(|error| {
        let cause = error.source().map(ToString::to_string);
        Breach(format!("{error}: {}", cause.unwrap_or_default()))
    })
}

//! Assembly: a valid config becomes wired rooms and a running server.
//!
//! In: a [`Config`]. Out: a [`Running`] gateway, or what keeps it from running. Invariants: backends
//! are chosen here and nowhere else; serving creates no key, log or ledger ([`init`] does); the
//! bundle is one snapshot, swapped whole. Deliberately absent: anything a room could do itself.

mod bundle;
mod doors;
mod error;
mod hosts;
mod identity;
mod init;
mod rooms;
mod running;
mod stores;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::{self, Config, Overrides};
use crate::domain::problem::Problem;

pub use bundle::{House, load_house};
pub use error::AppError;
pub use init::init;
pub use running::Running;
pub use stores::{audit_documents, journal_reader, key_set, trust, verify_journal};

/// Starts the gateway of a config: its listeners are bound and it takes requests when this returns.
///
/// # Errors
/// [`AppError`]: a port in use, a key or store that is not there, a bundle with problems.
pub async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Running, AppError> {
    running::start(config, clock).await
}

/// Serves a config file until a signal ends it.
///
/// # Errors
/// As [`start`], and [`AppError::Problems`] of the file.
pub async fn serve(
    path: &Path,
    overrides: &Overrides,
    clock: Arc<dyn Clock>,
) -> Result<(), AppError> {
    let config = Config::load(path, overrides).map_err(AppError::Problems)?;
    let bound = Duration::from_millis(u64::from(config.timeouts.drain_ms_max));
    start(config, clock).await?.until_signalled(bound).await
}

/// Every problem of a config file, its bundle and the bundle's tests.
#[must_use]
pub fn check(path: &Path, clock: &Arc<dyn Clock>) -> Vec<Problem> {
    config::check(path, |config| bundle::problems(config, clock))
}

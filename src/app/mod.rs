//! Assembly: a valid config becomes wired rooms and a running server.
//!
//! In: a [`Config`]. Out: a [`Running`] gateway, or what keeps it from running. Invariants: backends
//! are chosen here and nowhere else; serving creates no key, log or ledger ([`init`] does); the
//! bundle is one snapshot, swapped whole. Deliberately absent: anything a room could do itself.

mod bundle;
mod certificates;
mod doors;
mod error;
mod hosts;
mod identity;
mod init;
mod life;
mod limits;
mod rooms;
mod stores;

use std::path::Path;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::domain::problem::Problem;
use crate::server::life::notify::Notifier;
use crate::server::life::sockets::Sockets;

pub use bundle::{House, load_house};
pub use error::AppError;
pub use init::init;
pub use life::{Life, Running, live};
pub use stores::{audit_documents, journal_reader, key_set, trust, verify_journal};

/// Starts the gateway of a config: its listeners are bound and it takes requests when this returns.
///
/// # Errors
/// [`AppError`]: a port in use, a key or store that is not there, a bundle with problems.
pub async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Running, AppError> {
    let (public, admin) = (config.listen.public, config.listen.admin);
    let sockets = Sockets::of(Vec::new(), public, admin).await?;
    let notifier = Notifier::default();
    let prepared = life::prepare(Arc::new(config), clock, sockets, &notifier);
    prepared.await?.open().await
}

/// Every problem of a config file, its bundle and the bundle's tests.
#[must_use]
pub fn check(path: &Path, clock: &Arc<dyn Clock>) -> Vec<Problem> {
    config::check(path, |config| bundle::problems(config, clock))
}

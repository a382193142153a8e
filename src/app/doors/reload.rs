//! What changes without a restart: the bundle and the certificate.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::app::bundle::load_house;
use crate::app::error::AppError;
use crate::console::InHouseServices;
use crate::gateway::Snapshot;
use crate::server::tls::Tls;

/// Reads anew what an operator may change under a running gateway.
pub(in crate::app) struct Reload {
    pub(in crate::app) bundle_dir: PathBuf,
    pub(in crate::app) snapshot: Arc<ArcSwap<Snapshot>>,
    pub(in crate::app) in_house: Arc<InHouseServices>,
    pub(in crate::app) tls: Arc<Tls>,
    /// One at a time, so that the last to be told is the one that stays.
    pub(in crate::app) turn: Mutex<()>,
}

impl Reload {
    /// Swaps bundle and certificate for what their files hold now, or keeps both. Says which bundle
    /// is in use. Blocks for as long as reading takes, which for a large bundle is seconds.
    ///
    /// # Errors
    /// Everything that is wrong with the files.
    pub(in crate::app) fn run(&self) -> Result<String, AppError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let house = load_house(&self.bundle_dir).map_err(AppError::Problems)?;
        self.tls.reload()?;
        let id = house.snapshot.policy.id().to_string();
        self.in_house
            .replace(Arc::clone(&house.snapshot.policy), &house.snapshot.register);
        self.snapshot.store(Arc::new(house.snapshot));
        tracing::info!(target: "muhrdor::control", bundle = id, "reloaded");
        Ok(id)
    }
}

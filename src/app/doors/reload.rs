//! What changes without a restart: the bundle, the endpoints of upstreams, the limits, the hosts and
//! what their certificates, keys and staples are.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::app::bundle::load_house;
use crate::app::error::AppError;
use crate::app::hosts::tls_settings;
use crate::clock::Clock;
use crate::config::Config;
use crate::console::InHouseServices;
use crate::gateway::{Gateway, Snapshot};
use crate::limits::{AddressLimit, GuessLimit};
use crate::server::life::notify::Notifier;
use crate::server::tls::Tls;

/// Reads anew what an operator may change under a running gateway.
pub(in crate::app) struct Reload {
    /// As it was at start; what is read at start only is compared with it.
    pub(in crate::app) config: Arc<Config>,
    pub(in crate::app) clock: Arc<dyn Clock>,
    pub(in crate::app) snapshot: Arc<ArcSwap<Snapshot>>,
    pub(in crate::app) gateway: Arc<Gateway>,
    pub(in crate::app) addresses: Arc<AddressLimit>,
    pub(in crate::app) guesses: Arc<GuessLimit>,
    pub(in crate::app) in_house: Arc<InHouseServices>,
    pub(in crate::app) tls: Arc<Tls>,
    pub(in crate::app) notifier: Notifier,
    /// One at a time, so that the last to be told is the one that stays.
    pub(in crate::app) turn: Mutex<()>,
}

impl Reload {
    /// Takes what the files say now, all of it, or keeps what was. Says which bundle is in use.
    /// Blocks for as long as reading takes, which for a large bundle is seconds. Must be called
    /// where tasks can be spawned.
    ///
    /// # Errors
    /// Everything that is wrong with the files, with file and line; and what has changed in them
    /// that is read at start only.
    pub(in crate::app) fn run(&self) -> Result<String, AppError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.notifier.reloading();
        let taken = self.take();
        self.notifier.ready();
        taken
    }

    fn take(&self) -> Result<String, AppError> {
        let config = self.config.again().map_err(AppError::Problems)?;
        let house = load_house(&config.bundle_dir).map_err(AppError::Problems)?;
        let mismatches = house.mismatches(&config);
        if !mismatches.is_empty() {
            return Err(AppError::Problems(mismatches));
        }
        let before = self.snapshot.load_full();
        let snapshot = house.into_snapshot(&config, &before.pools, &self.clock)?;
        // The last that can fail: from here on everything is taken.
        let shown = self.tls.prepare(&tls_settings(&config)?)?;
        self.tls.take(shown);
        let id = snapshot.policy.id().to_string();
        self.in_house
            .replace(Arc::clone(&snapshot.policy), &snapshot.register);
        self.snapshot.store(Arc::new(snapshot));
        self.gateway.set_limits(&config.limits);
        self.addresses.set(&config.limits);
        self.guesses.set(&config.limits);
        tracing::info!(target: "muhrdor::control", bundle = id, "reloaded");
        Ok(id)
    }
}

//! The life of one request.
//!
//! In: an [`Arrival`](crate::wire::arrival::Arrival). Out: a response, always. Invariants: a
//! request walks `lifecycle` once, from top to bottom, and never turns round; only
//! `reply` builds a response for an e-service; however a request ends, it ends in the journal or
//! in a count. Deliberately absent: sockets, stores, the config.

mod access;
mod issue;
mod lasting;
mod lifecycle;
mod preflight;
mod refusal;
mod reply;
mod sign_in;
mod visit;

use std::fmt;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::counts::Counts;
use crate::domain::decision::BundleId;
use crate::facts::FactRoom;
use crate::identity::Identity;
use crate::journal::Journal;
use crate::keys::Pseudonym;
use crate::limits::{self, PrincipalLimit};
use crate::notary::Notary;
use crate::policy::Policy;
use crate::redaction::Redaction;
use crate::register::Register;
use crate::upstream::{Pools, Upstream};
use crate::wire::pages::Pages;

pub use lasting::{LastingSettings, Places};
pub use refusal::Refusal;
pub use reply::Reply;

/// What decides, and whom it may lead to: one bundle and the endpoints of its upstreams, swapped as
/// a whole. A request pins the one it began with.
#[derive(Debug)]
pub struct Snapshot {
    pub register: Register,
    pub policy: Arc<Policy>,
    pub pools: Pools,
}

/// The rooms, wired by `app`.
#[derive(Debug)]
pub struct Rooms {
    pub identity: Arc<Identity>,
    pub limits: PrincipalLimit,
    pub lasting: Places,
    pub facts: FactRoom,
    pub upstream: Upstream,
    /// Absent where nothing is sealed.
    pub notary: Option<Arc<Notary>>,
    pub redaction: Redaction,
    pub journal: Arc<Journal>,
    pub counts: Arc<Counts>,
    pub pages: Arc<dyn Pages>,
    pub pseudonym: Arc<Pseudonym>,
    pub clock: Arc<dyn Clock>,
}

/// The corridor through the rooms.
pub struct Gateway {
    rooms: Rooms,
    snapshot: Arc<ArcSwap<Snapshot>>,
    /// Writes that must run on when their client goes away.
    writes: Mutex<JoinSet<()>>,
}

impl Gateway {
    #[must_use]
    pub fn new(rooms: Rooms, snapshot: Arc<ArcSwap<Snapshot>>) -> Self {
        Self {
            rooms,
            snapshot,
            writes: Mutex::new(JoinSet::new()),
        }
    }

    /// The bundle that new requests are decided by.
    #[must_use]
    pub fn bundle(&self) -> BundleId {
        self.snapshot.load().policy.id()
    }

    /// How many principals are being counted, by operation.
    #[must_use]
    pub fn counted_principals(&self) -> usize {
        self.rooms.limits.keys()
    }

    /// From now on by these limits; what was counted stays counted.
    pub fn set_limits(&self, settings: &limits::Settings) {
        self.rooms.limits.set(settings);
    }

    /// Ends the rooms: what is recorded is integrated into its log. Called when nothing else holds
    /// the corridor.
    pub async fn close(self) {
        match Arc::into_inner(self.rooms.journal) {
            Some(journal) => journal.close().await,
            None => tracing::warn!(target: "muhrdor::serve", "the journal is still in use"),
        }
        drop(self.rooms.upstream);
        if let Some(notary) = self.rooms.notary.and_then(Arc::into_inner) {
            notary.close().await;
        }
    }

    /// Waits for the writes that are still under way. Called once no request can come any more.
    pub async fn drain(&self) {
        let mut writes = std::mem::take(
            &mut *self
                .writes
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        while writes.join_next().await.is_some() {}
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("rooms", &self.rooms)
            .finish_non_exhaustive()
    }
}

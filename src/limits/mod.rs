//! How often?
//!
//! In: an address block, before anything is verified; later a principal and an operation. Out: an
//! [`Allowance`], or [`Exceeded`] with the seconds to wait. Invariants: the arithmetic is GCRA over
//! a clock that never goes back; memory is bounded whatever keys come; a key that asks too often is
//! never the one forgotten. Deliberately absent: which address is a client's (that is the socket's
//! word), and what a refusal looks like.

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::clock::Clock;
use crate::domain::name::{AgencyId, OfficialId, OperationId, SystemId};
use crate::domain::peer::AddressBlock;
use crate::domain::person::PersonId;
use crate::domain::principal::Principal;

mod allowance;
mod local;
mod memory;

pub use allowance::{Allowance, Exceeded, tell};

use local::Local;

/// How often something may be done: up to `requests_max` at once, and as many again in each
/// window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub requests_max: NonZeroU32,
    pub window_seconds: NonZeroU32,
}

/// What the operator sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// For an address block, over everything it asks for.
    pub address: Rate,
    /// For a principal and one operation; nobody in particular counts by address block.
    pub principal: Rate,
    /// Keys remembered by each of the two limits.
    pub keys_max: usize,
}

/// The limit before any signature is checked.
#[derive(Debug)]
pub struct AddressLimit(Local<AddressBlock>);

/// The limit once it is known who asks for what.
#[derive(Debug)]
pub struct PrincipalLimit(Local<(PrincipalKey, OperationId)>);

/// The limit on guessing: for an address block, and for the one thing that is guessed at.
#[derive(Debug)]
pub struct GuessLimit {
    addresses: Local<AddressBlock>,
    things: Local<[u8; 32]>,
}

/// By what a principal is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PrincipalKey {
    Address(AddressBlock),
    Person(PersonId),
    Official(AgencyId, OfficialId),
    System(SystemId),
}

impl AddressLimit {
    #[must_use]
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Self {
        Self(Local::new(
            "address",
            settings.address,
            settings.keys_max,
            clock,
        ))
    }

    /// Counts one request of this block.
    ///
    /// # Errors
    /// [`Exceeded`] when it is one too many; it is then not counted.
    pub fn check(&self, block: AddressBlock) -> Result<Allowance, Exceeded> {
        self.0.check(&block)
    }

    /// From now on by these settings; the room for keys stays.
    pub fn set(&self, settings: &Settings) {
        self.0.set_rate(settings.address);
    }

    /// How many blocks are remembered.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.0.keys()
    }
}

impl GuessLimit {
    /// The same rate for both; `keys_max` keys remembered by each.
    #[must_use]
    pub fn new(rate: Rate, keys_max: usize, clock: &Arc<dyn Clock>) -> Self {
        Self {
            addresses: Local::new("guess", rate, keys_max, Arc::clone(clock)),
            things: Local::new("guess", rate, keys_max, Arc::clone(clock)),
        }
    }

    /// Counts one guess at the thing of this digest, right or wrong.
    ///
    /// # Errors
    /// [`Exceeded`] when it is one too many of this block, or at this thing.
    pub fn check(&self, block: AddressBlock, thing: [u8; 32]) -> Result<(), Exceeded> {
        self.addresses.check(&block)?;
        self.things.check(&thing).map(drop)
    }
}

impl PrincipalLimit {
    #[must_use]
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Self {
        Self(Local::new(
            "principal",
            settings.principal,
            settings.keys_max,
            clock,
        ))
    }

    /// Counts one request of this principal for this operation.
    ///
    /// # Errors
    /// [`Exceeded`] when it is one too many; it is then not counted.
    pub fn check(
        &self,
        principal: PrincipalKey,
        operation: &OperationId,
    ) -> Result<Allowance, Exceeded> {
        self.0.check(&(principal, operation.clone()))
    }

    /// From now on by these settings; the room for keys stays.
    pub fn set(&self, settings: &Settings) {
        self.0.set_rate(settings.principal);
    }

    /// How many pairs of principal and operation are remembered.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.0.keys()
    }
}

impl PrincipalKey {
    /// The key of a principal; of nobody in particular it is where they ask from.
    #[must_use]
    pub fn of(principal: &Principal, block: AddressBlock) -> Self {
        match principal {
            Principal::Anonymous => Self::Address(block),
            Principal::Person(p) => Self::Person(p.person.id),
            Principal::Official(o) => Self::Official(o.agency.clone(), o.official.clone()),
            Principal::System(s) => Self::System(s.system.clone()),
        }
    }
}

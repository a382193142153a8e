//! How often, and how much at once?
//!
//! In: an address block, before anything is verified; later a principal and an operation. Out: an
//! [`Allowance`], or [`Exceeded`] with the seconds to wait. Invariants: the arithmetic is GCRA over
//! a clock that never goes back, within one process and across several the same; memory is bounded
//! whatever keys come; a key that asks too often is never the one forgotten; what leaves the
//! process names nobody; whoever shares the count is neither unlimited nor locked out when it is
//! gone. Deliberately absent: which address is a client's (that is the socket's word), and what a
//! refusal looks like.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::clock::Clock;
use crate::domain::name::{AgencyId, OfficialId, OperationId, SystemId};
use crate::domain::peer::AddressBlock;
use crate::domain::person::PersonId;
use crate::domain::principal::Principal;

mod allowance;
mod lease;
mod leased;
mod load;
mod local;
mod memory;
mod shared;

pub use allowance::{Allowance, Exceeded, tell};
pub use load::{Load, LoadSettings, Overloaded, UnderWay};
pub use shared::{
    CounterKey, Shared, SharedCounter, SharedError, SharedSettings, Take, Taken, Taking,
};

use leased::{Countable, Leased};
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
    /// In its place for these operations.
    pub operations: BTreeMap<OperationId, Rate>,
    /// Access codes that one address block may try, and that may be tried of one document.
    pub guess: Rate,
    /// Keys remembered by each limit; an operation with a rate of its own is one.
    pub keys_max: usize,
}

/// The limit before any signature is checked.
#[derive(Debug)]
pub struct AddressLimit(Counted<AddressBlock>);

/// The limit once it is known who asks for what.
pub struct PrincipalLimit {
    all: Counted<Asked>,
    /// Operations with a rate of their own.
    own: ArcSwap<HashMap<OperationId, Arc<Counted<Asked>>>>,
    keys_max: usize,
    clock: Arc<dyn Clock>,
    shared: Option<Shared>,
}

/// The limit on guessing: for an address block, and for the one thing that is guessed at.
#[derive(Debug)]
pub struct GuessLimit {
    addresses: Counted<AddressBlock>,
    things: Counted<[u8; 32]>,
}

/// By what a principal is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PrincipalKey {
    Address(AddressBlock),
    Person(PersonId),
    Official(AgencyId, OfficialId),
    System(SystemId),
}

/// A principal, and what they asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Asked(PrincipalKey, OperationId);

/// A count of this process alone, or one that several share.
#[derive(Debug)]
enum Counted<K: Countable> {
    Alone(Local<K>),
    Shared(Leased<K>),
}

impl Rate {
    /// Until one more may come, in whole microseconds: what all processes can count in.
    #[must_use]
    pub fn period(&self) -> Duration {
        let window = u64::from(self.window_seconds.get()) * 1_000_000;
        Duration::from_micros(window.div_ceil(u64::from(self.requests_max.get())))
    }
}

impl AddressLimit {
    /// With `shared`, for all processes that share it.
    #[must_use]
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>, shared: Option<&Shared>) -> Self {
        let rate = settings.address;
        Self(Counted::new(
            "address",
            rate,
            settings.keys_max,
            clock,
            shared,
        ))
    }

    /// Counts one request of this block.
    ///
    /// # Errors
    /// [`Exceeded`] when it is one too many; it is then not counted.
    pub async fn check(&self, block: AddressBlock) -> Result<Allowance, Exceeded> {
        self.0.check(&block).await
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
    /// The same rate for both.
    #[must_use]
    pub fn new(settings: &Settings, clock: &Arc<dyn Clock>, shared: Option<&Shared>) -> Self {
        let (rate, keys_max) = (settings.guess, settings.keys_max);
        Self {
            addresses: Counted::new("guess", rate, keys_max, Arc::clone(clock), shared),
            things: Counted::new("guess", rate, keys_max, Arc::clone(clock), shared),
        }
    }

    /// From now on by these settings; what was counted stays counted.
    pub fn set(&self, settings: &Settings) {
        self.addresses.set_rate(settings.guess);
        self.things.set_rate(settings.guess);
    }

    /// Counts one guess at the thing of this digest, right or wrong.
    ///
    /// # Errors
    /// [`Exceeded`] when it is one too many of this block, or at this thing.
    pub async fn check(&self, block: AddressBlock, thing: [u8; 32]) -> Result<(), Exceeded> {
        self.addresses.check(&block).await?;
        self.things.check(&thing).await.map(drop)
    }
}

impl PrincipalLimit {
    /// With `shared`, for all processes that share it.
    #[must_use]
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>, shared: Option<&Shared>) -> Self {
        let keys_max = settings.keys_max;
        let all = Counted::new(
            "principal",
            settings.principal,
            keys_max,
            Arc::clone(&clock),
            shared,
        );
        let limit = Self {
            all,
            own: ArcSwap::default(),
            keys_max,
            clock,
            shared: shared.cloned(),
        };
        limit.set(settings);
        limit
    }

    /// Counts one request of this principal for this operation.
    ///
    /// # Errors
    /// [`Exceeded`] when it is one too many; it is then not counted.
    pub async fn check(
        &self,
        principal: PrincipalKey,
        operation: &OperationId,
    ) -> Result<Allowance, Exceeded> {
        let own = self.own.load().get(operation).cloned();
        let counted = own.as_deref().unwrap_or(&self.all);
        counted.check(&Asked(principal, operation.clone())).await
    }

    /// From now on by these settings; the room for keys stays. What was counted stays counted, but
    /// for an operation that gets a rate of its own or loses it.
    pub fn set(&self, settings: &Settings) {
        self.all.set_rate(settings.principal);
        let before = self.own.load_full();
        let of = |(operation, rate): (&OperationId, &Rate)| {
            let counted = before.get(operation).cloned().unwrap_or_else(|| {
                let clock = Arc::clone(&self.clock);
                let shared = self.shared.as_ref();
                Arc::new(Counted::new(
                    "operation",
                    *rate,
                    self.keys_max,
                    clock,
                    shared,
                ))
            });
            counted.set_rate(*rate);
            (operation.clone(), counted)
        };
        let own = settings.operations.iter().map(of).collect();
        self.own.store(Arc::new(own));
    }

    /// How many pairs of principal and operation are remembered.
    #[must_use]
    pub fn keys(&self) -> usize {
        let own = self.own.load();
        self.all.keys() + own.values().map(|counted| counted.keys()).sum::<usize>()
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

impl<K: Countable> Counted<K> {
    fn new(
        name: &'static str,
        rate: Rate,
        keys_max: usize,
        clock: Arc<dyn Clock>,
        shared: Option<&Shared>,
    ) -> Self {
        match shared {
            None => Self::Alone(Local::new(name, rate, keys_max, clock)),
            Some(shared) => Self::Shared(Leased::new(name, rate, keys_max, clock, shared.clone())),
        }
    }

    async fn check(&self, key: &K) -> Result<Allowance, Exceeded> {
        match self {
            Self::Alone(local) => local.check(key),
            Self::Shared(leased) => leased.check(key).await,
        }
    }

    fn set_rate(&self, rate: Rate) {
        match self {
            Self::Alone(local) => local.set_rate(rate),
            Self::Shared(leased) => leased.set_rate(rate),
        }
    }

    fn keys(&self) -> usize {
        match self {
            Self::Alone(local) => local.keys(),
            Self::Shared(leased) => leased.keys(),
        }
    }
}

impl Countable for AddressBlock {
    fn named(&self, name: impl FnOnce(&[&[u8]]) -> CounterKey) -> CounterKey {
        name(&[self.network().to_string().as_bytes()])
    }
}

impl Countable for [u8; 32] {
    fn named(&self, name: impl FnOnce(&[&[u8]]) -> CounterKey) -> CounterKey {
        name(&[self])
    }
}

impl Countable for Asked {
    fn named(&self, name: impl FnOnce(&[&[u8]]) -> CounterKey) -> CounterKey {
        let operation = self.1.as_str().as_bytes();
        match &self.0 {
            PrincipalKey::Address(block) => name(&[
                b"address",
                block.network().to_string().as_bytes(),
                operation,
            ]),
            PrincipalKey::Person(person) => name(&[b"person", &person.as_bytes()[..], operation]),
            PrincipalKey::Official(agency, official) => name(&[
                b"official",
                agency.as_str().as_bytes(),
                official.as_str().as_bytes(),
                operation,
            ]),
            PrincipalKey::System(system) => {
                name(&[b"system", system.as_str().as_bytes(), operation])
            }
        }
    }
}

impl fmt::Debug for PrincipalLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self.own.load().len();
        write!(
            f,
            "PrincipalLimit({:?}, {own} operations of their own)",
            self.all
        )
    }
}

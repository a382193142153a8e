//! How many streams are open: of one principal, and of all.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::name::OperationId;
use crate::limits::PrincipalKey;
use crate::telemetry::streams::{OpenStream, StreamKind, Streams};

/// How many streams may be open at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastingSettings {
    /// Of one person or official; of nobody in particular, of one address block.
    pub streams_per_principal_max: usize,
    /// Of one system.
    pub streams_per_system_max: usize,
    pub streams_max: usize,
}

/// The places for streams.
#[derive(Clone)]
pub struct Places {
    settings: LastingSettings,
    taken: Arc<Mutex<Taken>>,
    streams: Arc<Streams>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_principal: HashMap<PrincipalKey, usize>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Full {
    #[error("the principal has {0} streams open already")]
    Principal(usize),
    #[error("{0} streams are open already")]
    All(usize),
}

/// One stream's place; free again when dropped.
pub(super) struct Place {
    places: Places,
    whose: PrincipalKey,
}

impl Places {
    #[must_use]
    pub fn new(settings: LastingSettings) -> Self {
        Self {
            settings,
            taken: Arc::default(),
            streams: Arc::default(),
        }
    }

    pub(super) fn take(&self, whose: PrincipalKey) -> Result<Place, Full> {
        let LastingSettings {
            streams_per_principal_max,
            streams_per_system_max,
            streams_max,
        } = self.settings;
        let own_max = match whose {
            PrincipalKey::System(_) => streams_per_system_max,
            PrincipalKey::Address(_) | PrincipalKey::Person(_) | PrincipalKey::Official(..) => {
                streams_per_principal_max
            }
        };
        let mut taken = self.taken();
        if taken.all >= streams_max {
            return Err(Full::All(streams_max));
        }
        let own = taken.by_principal.get(&whose).copied().unwrap_or_default();
        if own >= own_max {
            return Err(Full::Principal(own));
        }
        taken.all += 1;
        taken.by_principal.insert(whose.clone(), own + 1);
        drop(taken);
        Ok(Place {
            places: self.clone(),
            whose,
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// A stream has begun at this place.
    pub(super) fn begin(&self, operation: &OperationId, kind: StreamKind) -> OpenStream {
        self.places.streams.begin(operation, kind)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all = taken.all.saturating_sub(1);
        let own = taken.by_principal.get(&self.whose).copied();
        match own.unwrap_or_default() {
            0 | 1 => drop(taken.by_principal.remove(&self.whose)),
            more => drop(taken.by_principal.insert(self.whose.clone(), more - 1)),
        }
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places")
            .field("settings", &self.settings)
            .field("all", &self.taken().all)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::name::SystemId;
    use crate::domain::peer::AddressBlock;

    use super::*;

    #[test]
    fn a_place_that_is_left_is_free_again_and_nobody_takes_them_all() {
        let whose = |ip: &str| PrincipalKey::Address(AddressBlock::of(ip.parse().unwrap()));
        let places = Places::new(LastingSettings {
            streams_per_principal_max: 2,
            streams_per_system_max: 2,
            streams_max: 3,
        });
        let first = places.take(whose("192.0.2.1")).unwrap();
        let second = places.take(whose("192.0.2.1")).unwrap();
        let third = places.take(whose("192.0.2.1"));
        assert_eq!(third.err(), Some(Full::Principal(2)));
        let other = places.take(whose("192.0.2.2")).unwrap();
        assert_eq!(places.take(whose("192.0.2.3")).err(), Some(Full::All(3)));
        drop(first);
        let again = places.take(whose("192.0.2.1")).unwrap();
        drop((second, other, again));
        assert!(places.taken().by_principal.is_empty());
        assert_eq!(places.taken().all, 0);
    }

    #[test]
    fn a_system_has_a_bound_of_its_own() {
        let places = Places::new(LastingSettings {
            streams_per_principal_max: 1,
            streams_per_system_max: 3,
            streams_max: 10,
        });
        let system = |id| PrincipalKey::System(SystemId::parse(id).unwrap());
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.push(places.take(system("one")).unwrap());
        }
        assert_eq!(places.take(system("one")).err(), Some(Full::Principal(3)));
        taken.push(places.take(system("two")).unwrap());
        let address = PrincipalKey::Address(AddressBlock::of("192.0.2.1".parse().unwrap()));
        taken.push(places.take(address.clone()).unwrap());
        assert_eq!(places.take(address).err(), Some(Full::Principal(1)));
    }
}

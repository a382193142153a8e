//~ step house.policy.decide
//~ lint unused `Permit` that must be used
//! Whoever asks for a permit goes on with it.

use muhrdor::policy::Permit;

pub fn asked_in_vain(decide: impl FnOnce() -> Permit) {
    decide();
}

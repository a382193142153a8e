//~ step house.policy.decide
//~ E0599 no method named `clone` found for struct `Permit`
//! A permit is for one visit, and there is one of it.

use muhrdor::policy::Permit;

pub fn for_later(permit: Permit) -> (Permit, Permit) {
    (permit.clone(), permit)
}

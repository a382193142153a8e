//~ step house.policy.decide
//~ E0616 field `target` of struct `Permit` is private
//! A permit stays as it was given.

use muhrdor::domain::operation::UpstreamTarget;
use muhrdor::policy::Permit;

pub fn turned_elsewhere(permit: &mut Permit, target: UpstreamTarget) {
    permit.target = target;
}

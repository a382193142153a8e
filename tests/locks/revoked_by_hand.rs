//~ step house.policy.revoking
//~ E0451 of struct `RevokePermit` are private
//! No permit to revoke but the one policy gave: not even with a real one to take the rest from.

use muhrdor::domain::name::AgencyId;
use muhrdor::policy::RevokePermit;

pub fn for_another_body(permit: RevokePermit, issuer: AgencyId) -> RevokePermit {
    RevokePermit { issuer, ..permit }
}

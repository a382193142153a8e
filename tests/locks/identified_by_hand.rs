//~ step rooms.identity.identify
//~ E0451 fields `visit`, `principal`, `claim` and `held` of struct `Identified` are private
//! Nobody is who they are because a room says so.

use muhrdor::domain::entry::VisitId;
use muhrdor::domain::principal::Principal;
use muhrdor::domain::purpose::Claim;
use muhrdor::identity::Identified;

pub fn identified(visit: VisitId, principal: Principal, claim: Claim) -> Identified {
    let held = Claim::default();
    Identified { visit, principal, claim, held }
}

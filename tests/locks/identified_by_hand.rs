//~ step rooms.identity.identify
//~ E0451 of struct `Identified` are private
//! Nobody is who they are because a room says so.

use muhrdor::domain::entry::VisitId;
use muhrdor::domain::principal::Principal;
use muhrdor::domain::purpose::Claim;
use muhrdor::identity::Identified;

pub fn identified(known: Identified, visit: VisitId, principal: Principal, claim: Claim) -> Identified {
    let held = Claim::default();
    Identified { visit, principal, claim, held, ..known }
}

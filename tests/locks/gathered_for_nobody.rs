//~ step rooms.facts.gather
//~ E0061 argument #1 of type `&Principal` is missing
//! Facts are gathered for who was identified.

use muhrdor::domain::fact::Facts;
use muhrdor::domain::purpose::Claim;
use muhrdor::facts::{FactError, FactRoom};

pub async fn gather(facts: &FactRoom, claim: &Claim) -> Result<Facts, FactError> {
    facts.gather(claim, None).await
}

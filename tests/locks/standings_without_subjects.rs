//~ step rooms.facts.about
//~ E0061 argument #2 of type `&[Person]` is missing
//! Standings are gathered for the persons found in the answer.

use muhrdor::domain::fact::Facts;
use muhrdor::facts::{FactError, FactRoom};

pub async fn about(room: &FactRoom, facts: Facts) -> Result<Facts, FactError> {
    room.about(facts).await
}

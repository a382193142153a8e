//~ step rooms.identity.identify
//~ E0061 argument #2 of type `&Operation` is missing
//! Nobody is asked who they are before it is known for which operation.

use muhrdor::identity::{Identified, Identity, IdentityError};
use muhrdor::wire::arrival::Arrival;

pub async fn identify(
    identity: &Identity,
    arrival: &Arrival,
) -> Result<Identified, IdentityError> {
    identity.identify(arrival).await
}

//~ step rooms.limits.check
//~ E0061 argument #2 of type `&OperationId` is missing
//! A principal is counted for an operation.

use muhrdor::limits::{Allowance, Exceeded, PrincipalKey, PrincipalLimit};

pub async fn check(limit: &PrincipalLimit, key: PrincipalKey) -> Result<Allowance, Exceeded> {
    limit.check(key).await
}

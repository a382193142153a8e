//~ step rooms.upstream.forward
//~ E0061 argument #2 of type `&Opened` is missing
//! No write reaches a service without its intent in the journal.

use muhrdor::policy::Permit;
use muhrdor::upstream::{Onward, Pools, Upstream, UpstreamError};
use muhrdor::wire::answer::Answer;

pub async fn forward(
    upstream: &Upstream,
    permit: &Permit,
    onward: Onward,
    pools: &Pools,
) -> Result<Answer, UpstreamError> {
    upstream.forward(permit, onward, pools).await
}

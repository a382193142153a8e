//~ step rooms.upstream.forward
//~ E0061 argument #1 of type `&Permit` is missing
//! No permit, no forwarding.

use muhrdor::journal::Opened;
use muhrdor::upstream::{Onward, Pools, Upstream, UpstreamError};
use muhrdor::wire::answer::Answer;

pub async fn forward(
    upstream: &Upstream,
    opened: &Opened,
    onward: Onward,
    pools: &Pools,
) -> Result<Answer, UpstreamError> {
    upstream.forward(opened, onward, pools).await
}

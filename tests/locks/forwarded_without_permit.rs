//~ step rooms.upstream.forward
//~ E0061 argument #1 of type `&Permit` is missing
//! No permit, no forwarding.

use muhrdor::journal::Opened;
use muhrdor::upstream::{Onward, Upstream, UpstreamError};
use muhrdor::wire::answer::Answer;

pub async fn forward(
    upstream: &Upstream,
    opened: &Opened,
    onward: Onward,
) -> Result<Answer, UpstreamError> {
    upstream.forward(opened, onward).await
}

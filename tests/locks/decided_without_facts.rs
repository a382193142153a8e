//~ step house.policy.decide
//~ E0063 missing field `facts` in initializer of `Ask<'_>`
//! Nothing is decided without the facts that were gathered.

use std::sync::Arc;

use muhrdor::domain::entry::VisitId;
use muhrdor::domain::operation::{Operation, UpstreamTarget};
use muhrdor::domain::peer::Channel;
use muhrdor::domain::principal::Principal;
use muhrdor::domain::purpose::Claim;
use muhrdor::domain::time::Timestamp;
use muhrdor::policy::{Ask, Denial, Permit, Policy};

pub fn decide(
    policy: &Arc<Policy>,
    operation: Arc<Operation>,
    target: UpstreamTarget,
    visit: VisitId,
    principal: Principal,
    claim: Claim,
    now: Timestamp,
) -> Result<Permit, Denial> {
    let subject = None;
    policy.decide(Ask {
        visit,
        operation,
        target,
        principal,
        subject,
        claim,
        channel: Channel::Portal,
        now,
    })
}

//~ step house.policy.issuing
//~ E0599 no method named `clone` found for struct `IssuePermit`
//! A permit to issue is for one document, and there is one of it.

use muhrdor::policy::IssuePermit;

pub fn for_later(permit: IssuePermit) -> (IssuePermit, IssuePermit) {
    (permit.clone(), permit)
}

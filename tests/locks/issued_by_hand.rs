//~ step house.policy.issuing
//~ E0451 of struct `IssuePermit` are private
//! No permit to issue but the one policy gave: not even with a real one to take the rest from.

use muhrdor::domain::document::Issuance;
use muhrdor::policy::IssuePermit;

pub fn for_another_document(permit: IssuePermit, issuance: Issuance) -> IssuePermit {
    IssuePermit { issuance, ..permit }
}

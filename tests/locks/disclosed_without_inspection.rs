//~ step rooms.redaction.inspect
//~ step rooms.redaction.disclose
//~ E0308 expected `Inspected`, found `Answer`
//! What a service said is not what may leave.

use muhrdor::domain::fact::Facts;
use muhrdor::policy::Permit;
use muhrdor::redaction::{Disclosure, Redaction, RedactionError};
use muhrdor::wire::answer::Answer;

pub fn disclose(
    redaction: &Redaction,
    permit: &Permit,
    answer: Answer,
    facts: &Facts,
) -> Result<Disclosure, RedactionError> {
    redaction.disclose(permit, answer, facts)
}

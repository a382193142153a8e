//~ step rooms.redaction.disclose
//~ E0382 use of moved value: `inspected`
//! One answer is disclosed once.

use muhrdor::domain::fact::Facts;
use muhrdor::policy::Permit;
use muhrdor::redaction::{Disclosure, Inspected, Redaction, RedactionError};

pub fn disclose(
    redaction: &Redaction,
    permit: &Permit,
    inspected: Inspected,
    facts: &Facts,
) -> [Result<Disclosure, RedactionError>; 2] {
    [
        redaction.disclose(permit, inspected, facts),
        redaction.disclose(permit, inspected, facts),
    ]
}

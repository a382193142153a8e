//~ step rooms.redaction.inspect
//~ E0061 argument #1 of type `&Permit` is missing
//! An answer is held against the contracts of the operation that was permitted.

use muhrdor::redaction::{Inspected, Redaction, RedactionError};
use muhrdor::wire::answer::Answer;

pub async fn inspect(redaction: &Redaction, answer: Answer) -> Result<Inspected, RedactionError> {
    redaction.inspect(answer).await
}

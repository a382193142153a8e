//! What can be seen of the running program: metrics, one access line a request, traces.
//!
//! In: ids of the register, codes, durations. Out: metrics of a closed [`list`], one line and, where
//! asked for, one span a request. Invariants: a label is an operation of the register, a code or a
//! word of the list, never a path, never a person, and there are only so many of them; what is sent
//! by a client stands in no line but as a word of ours. Deliberately absent: evidence, which is the
//! journal's, and personal data.

pub mod list;
pub mod meters;
pub mod plain;
pub mod requests;
pub mod spans;
pub mod streams;
pub mod trace;
pub mod tunnels;
pub mod watched;

use tracing::{info, warn};

use crate::domain::entry::VisitId;
use crate::domain::reason::Reason;

/// A no, with the sentence that only the log gets.
pub fn refused(visit: VisitId, reason: Reason, detail: &str) {
    if reason.alarms() {
        warn!(target: "muhrdor::refusal", request_id = %visit, reason = reason.code(), detail);
    } else {
        info!(target: "muhrdor::refusal", request_id = %visit, reason = reason.code(), detail);
    }
}

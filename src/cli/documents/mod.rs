//! Documents and their log, checked by whoever has them.

mod log;
mod verify;

pub(super) use log::{Verb as LogVerb, log};
pub(super) use verify::{Options as VerifyOptions, verify};

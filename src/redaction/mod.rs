//! What may leave?
//!
//! Answers: what of an upstream's answer goes to this principal for this purpose. In: a
//! [`Permit`](crate::policy::Permit), an [`Answer`](crate::wire::answer::Answer), and between the
//! two steps the facts about the persons found in it. Out: a [`Disclosure`], or why nothing leaves.
//! Invariants: an answer keeps exactly one contract or does not pass; what the class map does not
//! list is absent; what stays is copied byte for byte; what leaves of a body that was read is
//! searched once more for identifiers; two answers that differ only in what is withheld give the
//! same bytes and headers. Deliberately absent: decisions (the permit makes them), the journal, the
//! search of streamed `public` bodies (that they are about nobody is declared in the bundle).

mod disclosure;
mod error;
mod inspect;
mod stream;

pub mod detector;
pub mod fields;
pub mod head;
pub mod json;

use std::fmt;
use std::sync::Arc;

use crate::keys::Pseudonym;

pub use disclosure::{Completeness, Disclosure, DisclosureMode, WITHHELD};
pub use error::{Breach, RedactionError};
pub use inspect::Inspected;

/// The room: what it takes to say what may leave.
pub struct Redaction {
    pseudonym: Arc<Pseudonym>,
    settings: RedactionSettings,
}

/// What an operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedactionSettings {
    /// The basic calculation amount (BHM) in soum, from which bands are counted.
    pub bhm_soum: u32,
    /// What an answer may ask of memory beside its bytes.
    pub json: json::Limits,
}

impl Default for RedactionSettings {
    fn default() -> Self {
        Self { bhm_soum: fields::BHM_SOUM, json: json::Limits::default() }
    }
}

impl Redaction {
    #[must_use]
    pub const fn new(pseudonym: Arc<Pseudonym>, settings: RedactionSettings) -> Self {
        Self { pseudonym, settings }
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redaction").field("settings", &self.settings).finish_non_exhaustive()
    }
}

//! What a person sees: each page is a template and the words that go into it.
//!
//! In: a shell (for whom, in which language), and a view or the JSON that redaction let through.
//! Out: a finished page. Invariants: everything that comes from outside goes through the
//! templates' escaping; the answer stands first, details are folded; no page needs script.

use askama::Template;

use crate::domain::name::OperationId;
use crate::wire::pages::Page;

mod home;
mod journal;
mod policies;
mod refusal;
mod services;
mod shell;
mod sign_in;

pub(super) use refusal::refusal;
pub(super) use shell::Shell;
pub(super) use sign_in::{chooser, signed_out};

/// One line of a summary list: a word and what it says.
struct Fact {
    word: String,
    text: String,
}

impl Fact {
    fn new(word: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            word: word.into(),
            text: text.into(),
        }
    }
}

/// The page of an in-house operation.
pub(super) fn operation(shell: &Shell<'_>, operation: &OperationId, json: &[u8]) -> Option<Page> {
    match operation.as_str() {
        "account.home" => serde_json::from_slice(json).ok().map(|home| home::page(shell, home)),
        "account.journal" => {
            serde_json::from_slice(json).ok().map(|journal| journal::page(shell, journal))
        }
        "console.policies" => {
            serde_json::from_slice(json).ok().map(|policies| policies::page(shell, policies))
        }
        "directory.services" => {
            serde_json::from_slice(json).ok().map(|services| services::page(shell, services))
        }
        _ => None,
    }
}

/// Writes a template into a string, which cannot fail: nothing in a template is fallible.
fn finish(shell: &Shell<'_>, template: &impl Template) -> Page {
    Page {
        html: template.render().unwrap_or_default(),
        language: shell.language(),
    }
}

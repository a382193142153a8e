//! What a person sees: each page is a template and the words that go into it.
//!
//! In: a shell (for whom, in which language), and a view or the JSON that redaction let through.
//! Out: a finished page. Invariants: everything that comes from outside goes through the
//! templates' escaping; the answer stands first, details are folded; no page needs script.

use askama::Template;
use serde::de::DeserializeOwned;

use crate::domain::name::OperationId;
use crate::wire::pages::Page;

mod documents;
mod home;
mod journal;
mod policies;
mod refusal;
mod services;
mod shell;
mod sign_in;

pub(super) use documents::{check, verdict};
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
    let page = match operation.as_str() {
        "account.home" => home::page(shell, &read(json)?),
        "account.journal" => journal::page(shell, &read(json)?),
        "console.policies" => policies::page(shell, &read(json)?),
        "documents.view" => documents::page(shell, &read(json)?),
        "directory.services" => services::page(shell, &read(json)?),
        _ => return None,
    };
    Some(page)
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    serde_json::from_slice(json).ok()
}

/// Writes a template into a string, which cannot fail: nothing in a template is fallible.
fn finish(shell: &Shell<'_>, template: &impl Template) -> Page {
    Page {
        html: template.render().unwrap_or_default(),
        language: shell.language(),
    }
}

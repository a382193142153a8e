//! `issues`: kinds of documents that an operation's good answer is.

use crate::domain::name::DocumentKind;
use crate::domain::operation::{Effect, Mode, Operation, SubjectAt};
use crate::domain::service::Backend;
use crate::domain::sheet::Table;
use crate::register::KnownNames;
use crate::register::description::{NAME_MEND, unknown_word};

pub(super) fn read(table: &mut Table<'_>, known: &KnownNames) -> Vec<DocumentKind> {
    let kinds = table.list_parsed("issues", NAME_MEND, DocumentKind::parse);
    for kind in kinds
        .iter()
        .filter(|kind| !known.documents.contains(&kind.value))
    {
        unknown_word(table, kind.line, "document", kind.value.as_str());
    }
    kinds.into_iter().map(|kind| kind.value).collect()
}

/// What is right in each key and wrong together.
pub(super) fn check(table: &Table<'_>, operation: &Operation) {
    let id = &operation.id;
    let note = |what: String, mend: &str| table.note(table.line(), what, mend);
    let in_house = matches!(operation.service.backend, Backend::InHouse);
    if matches!(operation.subject, SubjectAt::Document(_)) && !in_house {
        let what = format!("`{id}` is about a document and another body's");
        note(what, "only an in-house e-service knows whose a document is");
    }
    if operation.issues.is_empty() {
        return;
    }
    if in_house || operation.effect != Effect::Write {
        let what = format!("`{id}` issues a document without being a write of an upstream");
        note(what, "use POST, and an e-service of a body");
    }
    let named = matches!(
        operation.subject,
        SubjectAt::Principal | SubjectAt::Path(_) | SubjectAt::Query(_)
    );
    if !named {
        let what = format!("`{id}` issues a document and does not say about whom");
        note(what, "say in `subject` whose it is");
    }
    let good = |status: u16| (200..300).contains(&status);
    let mut answers = operation.contracts.iter().filter(|c| good(c.status));
    let is_document =
        |media: &str, mode: &Mode| media == "application/pdf" && matches!(mode, Mode::Whole { .. });
    let first = answers
        .next()
        .is_some_and(|c| is_document(&c.media, &c.mode));
    if !first || answers.next().is_some() {
        let what = format!("`{id}` issues a document and has another good answer");
        note(
            what,
            "write one answer 200 of media `application/pdf` and mode `whole`",
        );
    }
}

//! A document as whoever holds the paper may see it: to be compared with the paper.

use std::collections::BTreeMap;

use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use crate::console::moment;
use crate::console::pages::{Fact, Shell, finish};
use crate::domain::text::Texts;
use crate::domain::time::Timestamp;
use crate::wire::pages::Page;

/// What left redaction; any member may be missing.
#[derive(Deserialize)]
pub(in crate::console::pages) struct Document {
    kind_names: Option<Texts>,
    issuer_names: Option<Texts>,
    number: Option<String>,
    issued_at: Option<String>,
    status: Option<String>,
    revoked_at: Option<String>,
    #[serde(default)]
    details: BTreeMap<String, Vec<Value>>,
    original: Option<String>,
}

#[derive(Template)]
#[template(path = "document.html")]
struct DocumentPage<'a> {
    shell: &'a Shell<'a>,
    title: String,
    revoked: Option<String>,
    facts: Vec<Fact>,
    original: Option<String>,
}

pub(in crate::console::pages) fn page(shell: &Shell<'_>, document: &Document) -> Page {
    let title = match &document.kind_names {
        Some(names) => shell.of(names).to_owned(),
        None => shell.say("document-title").into_owned(),
    };
    let at = |text: &Option<String>| {
        let at = text.as_deref().and_then(Timestamp::parse);
        at.map(moment::date_and_clock)
    };
    let revoked = (document.status.as_deref() == Some("revoked")).then(|| {
        let since = at(&document.revoked_at).unwrap_or_default();
        shell
            .fill("document-revoked", &[("what", &since)])
            .into_owned()
    });
    let mut facts = Vec::new();
    let mut tell = |word: &str, text: Option<String>| {
        facts.extend(text.map(|text| Fact::new(shell.say(word), text)));
    };
    let issuer = document.issuer_names.as_ref();
    tell(
        "verdict-issuer",
        issuer.map(|names| shell.of(names).to_owned()),
    );
    tell("document-number", document.number.clone());
    tell("document-issued", at(&document.issued_at));
    let mut details: Vec<_> = document.details.iter().collect();
    details.sort_by_key(|(class, _)| place(class));
    for (class, values) in details {
        let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        let word = DETAILS
            .get(place(class))
            .map_or("detail-other", |(_, word)| *word);
        tell(word, (!texts.is_empty()).then(|| texts.join(", ")));
    }
    let page = DocumentPage {
        shell,
        title,
        revoked,
        facts,
        original: document.original.as_deref().map(|path| shell.link(path)),
    };
    finish(shell, &page)
}

/// Where a class stands on the page: as on a paper, what has no word of its own last.
fn place(class: &str) -> usize {
    DETAILS
        .iter()
        .position(|(known, _)| *known == class)
        .unwrap_or(DETAILS.len())
}

const DETAILS: [(&str, &str); 5] = [
    ("name", "detail-name"),
    ("identifier", "detail-identifier"),
    ("civil-status", "detail-civil-status"),
    ("address", "detail-address"),
    ("education", "detail-education"),
];

//! The JSON of the in-house operations: written by `answers`, read back by `pages` after redaction.
//!
//! Between the two, redaction may have taken any member out of an object and put `null` into any
//! array. So every member may be missing when it is read, and a page shows what is left.

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::text::Texts;

/// A body, an e-service: what is called by a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Named {
    pub(super) code: String,
    pub(super) names: Texts,
}

/// A purpose, a class, a rule: what has a title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Titled {
    pub(super) code: String,
    pub(super) titles: Texts,
}

/// A legal basis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Basis {
    pub(super) code: String,
    pub(super) act: String,
    pub(super) article: String,
    pub(super) titles: Texts,
}

/// `account.home`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Home {
    pub(super) name: Option<String>,
    /// `person` or `official`.
    pub(super) kind: Option<String>,
    pub(super) agency: Option<Named>,
    pub(super) assurance: Option<u8>,
    pub(super) signed_in_at: Option<String>,
    /// The newest access by somebody else.
    pub(super) last_seen: Option<Seen>,
    #[serde(deserialize_with = "present")]
    pub(super) links: Vec<Link>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) at: String,
    pub(super) body: Option<Named>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Link {
    /// `journal`, `services`, `policies`: its words are texts of the pages.
    pub(super) id: String,
    pub(super) href: String,
}

/// `account.journal`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Journal {
    /// Since when the journal is kept.
    pub(super) since: Option<String>,
    pub(super) page: Option<u32>,
    /// Whether an older page follows.
    pub(super) more: Option<bool>,
    /// Newest first; `None` when it was withheld, which is not the same as empty.
    pub(super) entries: Option<Nulled<Entry>>,
}

/// One access to the reader's data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Entry {
    /// The request's number.
    pub(super) id: Option<String>,
    pub(super) at: Option<String>,
    pub(super) registered: Option<String>,
    pub(super) body: Option<Named>,
    pub(super) mark: Option<Mark>,
    pub(super) official: Option<Official>,
    pub(super) system: Option<String>,
    pub(super) service: Option<Named>,
    pub(super) purpose: Option<Titled>,
    #[serde(deserialize_with = "present")]
    pub(super) bases: Vec<Basis>,
    pub(super) case: Option<String>,
    pub(super) role: Option<Role>,
    #[serde(deserialize_with = "present")]
    pub(super) classes: Vec<ClassForm>,
    #[serde(deserialize_with = "present")]
    pub(super) rules: Vec<Titled>,
    pub(super) proof: Option<Proof>,
}

/// Who looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mark {
    Own,
    Representative,
    Official,
    System,
}

/// The reader's part in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    Main,
    Relative,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Official {
    /// A keyed pseudonym.
    pub(super) number: String,
    pub(super) position: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ClassForm {
    pub(super) code: String,
    pub(super) titles: Texts,
    pub(super) form: Shown,
}

/// In which form a kind of data left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Shown {
    Clear,
    Masked,
    Verified,
    Absent,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Proof {
    pub(super) position: u64,
    pub(super) digest: Option<String>,
}

/// `console.policies`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Policies {
    pub(super) bundle: Option<String>,
    pub(super) page: Option<u32>,
    pub(super) pages: Option<u32>,
    pub(super) rules_total: Option<usize>,
    pub(super) rules: Option<Nulled<Rule>>,
}

/// A rule in plain words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) effect: Effect,
    pub(super) titles: Texts,
    pub(super) who: Who,
    pub(super) actions: Vec<String>,
    pub(super) data: Data,
    pub(super) when: Vec<Condition>,
    pub(super) mask: Option<String>,
    pub(super) journal: String,
    pub(super) notify: Vec<String>,
    pub(super) bases: Vec<Basis>,
    pub(super) owner: Named,
    pub(super) until: Option<String>,
    pub(super) lapsed: bool,
    pub(super) file: String,
    pub(super) line: u32,
    /// The Cedar text without its annotations, which all stand in the other members.
    pub(super) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Effect {
    Permit,
    Forbid,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Who {
    /// `anyone`, `person`, `official`, `system`.
    pub(super) kind: String,
    pub(super) role: Option<Titled>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Data {
    /// `facet`, `operation`, `document`, `any`.
    pub(super) kind: String,
    pub(super) class: Option<Titled>,
}

/// One condition of a rule, as far as it has a name. What has none is `other`: the Cedar text
/// says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Condition {
    Purpose { purpose: Titled },
    Own,
    Case,
    Consent,
    Mandate,
    Assurance { rank: u8 },
    Training,
    Minor,
    Public,
    Except,
    Other,
}

/// `directory.services`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Services {
    pub(super) services: Option<Nulled<Service>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) id: String,
    pub(super) names: Texts,
    pub(super) agency: Named,
    /// `information` or `interactive`.
    pub(super) kind: String,
    pub(super) regulation: Regulation,
    pub(super) prefix: String,
    pub(super) operations: Vec<Operation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Regulation {
    pub(super) number: String,
    pub(super) term_days: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    /// Path at the portal; a capture stands in braces.
    pub(super) path: String,
    pub(super) sign_in: bool,
    pub(super) assurance: u8,
    pub(super) who: Vec<String>,
}

/// A list in which redaction may have put `null`: those are skipped when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Nulled<T>(pub(super) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nulled<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        present(from).map(Self)
    }
}

fn present<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let all: Option<Vec<Option<T>>> = Option::deserialize(from)?;
    Ok(all.into_iter().flatten().flatten().collect())
}

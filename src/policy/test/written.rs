//! A file of policy tests, as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::domain::name::{
    AgencyId, CaseNumber, ConsentId, DataClass, DocumentKind, MandateId, OfficialId, PurposeId,
    RoleId, RuleId, Scope, SystemId,
};
use crate::domain::principal::PrincipalKind;

/// A file of tests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub(super) suite: String,
    /// The moment all tests happen at, RFC 3339.
    pub(super) clock: String,
    #[serde(default)]
    pub(super) persons: BTreeMap<String, WrittenPerson>,
    #[serde(default)]
    pub(super) officials: BTreeMap<OfficialId, WrittenOfficial>,
    #[serde(default)]
    pub(super) systems: BTreeMap<SystemId, WrittenSystem>,
    #[serde(default)]
    pub(super) operations: BTreeMap<String, WrittenOperation>,
    #[serde(default)]
    pub(super) cases: BTreeMap<CaseNumber, WrittenCase>,
    #[serde(default)]
    pub(super) consents: BTreeMap<ConsentId, WrittenConsent>,
    #[serde(default)]
    pub(super) mandates: BTreeMap<MandateId, WrittenMandate>,
    pub(super) check: Vec<Spanned<Check>>,
}

/// One test: who does what on whom, because of what, and what must come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    /// A sentence.
    pub(super) name: String,
    /// `anonymous`, or a name of the fixture.
    pub(super) who: String,
    #[serde(default = "one")]
    pub(super) acr: u8,
    pub(super) does: String,
    /// The person the request is about.
    pub(super) on: Option<String>,
    /// The person the answer is about, where it is another.
    pub(super) about: Option<String>,
    /// The document whose access code was shown.
    pub(super) presents: Option<WrittenDocument>,
    /// A document that is issued, or revoked, once the gate has let through.
    pub(super) issues: Option<WrittenDocument>,
    pub(super) revokes: Option<WrittenDocument>,
    #[serde(default)]
    pub(super) because: Because,
    pub(super) expect: Expect,
    /// Rules that must be among those that decided.
    #[serde(default)]
    pub(super) by: Vec<RuleId>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Because {
    pub(super) purpose: Option<PurposeId>,
    pub(super) case: Option<CaseNumber>,
}

/// The gate's outcome, `allowed` or a reason code, and the form of each class that is not absent;
/// `CLASS/*` is the class and all below it.
#[derive(Debug, Deserialize)]
pub(super) struct Expect {
    pub(super) gate: String,
    #[serde(flatten)]
    pub(super) forms: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of the file, named where it is written"
)]
pub(super) struct WrittenPerson {
    #[serde(default)]
    pub(super) minor: bool,
    #[serde(default)]
    pub(super) protected: bool,
    #[serde(default)]
    pub(super) restricted: bool,
    /// The central database does not answer for this person.
    #[serde(default)]
    pub(super) unknown: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenOfficial {
    pub(super) agency: AgencyId,
    pub(super) person: Option<String>,
    #[serde(default)]
    pub(super) roles: Vec<RoleId>,
    #[serde(default = "yes")]
    pub(super) active: bool,
    pub(super) trained_until: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSystem {
    pub(super) agency: AgencyId,
    #[serde(default)]
    pub(super) roles: Vec<RoleId>,
    #[serde(default)]
    pub(super) scopes: Vec<Scope>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenOperation {
    pub(super) agency: AgencyId,
    pub(super) who: Vec<PrincipalKind>,
    #[serde(default)]
    pub(super) purposes: Vec<WrittenBinding>,
    pub(super) subject: WrittenSubject,
    #[serde(default)]
    pub(super) public: bool,
    #[serde(default)]
    pub(super) in_house: bool,
    #[serde(default)]
    pub(super) writes: bool,
    pub(super) verify: Option<DataClass>,
    #[serde(default)]
    pub(super) assurance: u8,
    #[serde(default)]
    pub(super) scopes: Vec<Scope>,
    #[serde(default)]
    pub(super) issues: Vec<DocumentKind>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenDocument {
    pub(super) kind: DocumentKind,
    pub(super) holder: String,
    pub(super) issuer: AgencyId,
    #[serde(default)]
    pub(super) revoked: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum WrittenSubject {
    Nobody,
    Own,
    Given,
    Answer,
    Document,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenBinding {
    pub(super) purpose: PurposeId,
    pub(super) who: PrincipalKind,
    #[serde(default)]
    pub(super) roles: Vec<RoleId>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCase {
    pub(super) agency: AgencyId,
    pub(super) purpose: PurposeId,
    pub(super) subject: String,
    pub(super) assignees: Vec<OfficialId>,
    #[serde(default = "yes")]
    pub(super) open: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenConsent {
    pub(super) subject: String,
    pub(super) recipient: AgencyId,
    pub(super) purposes: Vec<PurposeId>,
    pub(super) classes: Vec<DataClass>,
    pub(super) valid_until: String,
    #[serde(default)]
    pub(super) withdrawn: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenMandate {
    pub(super) holder: String,
    pub(super) subject: String,
    pub(super) purposes: Vec<PurposeId>,
    pub(super) valid_until: String,
}

const fn yes() -> bool {
    true
}

const fn one() -> u8 {
    1
}

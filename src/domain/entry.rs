//! An entry of the journal: who saw whose data, why, in which form. Never a value.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::data::Form;
use crate::domain::decision::{JournalDepth, Notice};
use crate::domain::hex;
use crate::domain::name::{
    AgencyId, BasisId, CaseNumber, DataClass, OperationId, PurposeId, RuleId, ServiceId, SystemId,
};
use crate::domain::person::PersonId;
use crate::domain::principal::{CredentialKind, PrincipalKind};
use crate::domain::purpose::Visibility;
use crate::domain::reason::Reason;
use crate::domain::time::Timestamp;

/// The number of one request: 128 random bits, shown as 32 hexadecimal digits. It is what a person
/// reads out to the help desk and what `explain` takes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VisitId([u8; 16]);

impl VisitId {
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// From 32 hexadecimal digits; `None` for anything else.
    #[must_use]
    pub fn parse(hex: &str) -> Option<Self> {
        if hex.len() != 32 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(hex, 16)
            .ok()
            .map(|n| Self(n.to_be_bytes()))
    }
}

impl fmt::Display for VisitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::digits(&self.0))
    }
}

impl fmt::Debug for VisitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VisitId({self})")
    }
}

impl Serialize for VisitId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VisitId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(from)?;
        Self::parse(&hex).ok_or_else(|| serde::de::Error::custom("a request id has 32 hex digits"))
    }
}

/// One entry: what a request came to. All fields are codes, keyed pseudonyms and counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalEntry {
    pub visit: VisitId,
    pub stage: Stage,
    /// When the request arrived.
    pub at: Timestamp,
    pub actor: Actor,
    pub service: Option<ServiceId>,
    pub operation: Option<OperationId>,
    pub purpose: Option<PurposeId>,
    pub bases: Vec<BasisId>,
    pub case: Option<CaseNumber>,
    /// The person the request was about.
    pub subject: Option<PersonId>,
    pub visibility: Visibility,
    /// What left, by subject and class; on a refusal, what would have been asked for is not here.
    pub disclosed: Vec<Disclosed>,
    /// Rules that decided, by id.
    pub rules: Vec<RuleId>,
    /// Hexadecimal id of the bundle that decided; absent before a decision.
    pub bundle: Option<String>,
    pub depth: JournalDepth,
    pub notify: Vec<Notice>,
    /// Keyed digest of the delivered bytes, hexadecimal, where they were collected.
    pub digest: Option<String>,
    /// The walk as it went, a line a step, for `explain`: step and what it found, no values.
    pub steps: Vec<Step>,
}

/// How far an entry tells the story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// A write is about to be forwarded.
    Intent,
    /// Data is about to leave, with this HTTP status.
    Delivered { status: u16 },
    /// The answer was no.
    Refused { reason: Reason },
    /// The client went away, or the body broke off, before the end.
    Aborted,
    /// A session began.
    SignedIn,
    /// A session was ended by its holder.
    SignedOut,
}

/// Who acted, without naming them: a citizen sees the body and a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    pub kind: PrincipalKind,
    /// The acting person, for persons: "own" when it is the subject.
    pub person: Option<PersonId>,
    /// Keyed pseudonym of an official, 16 hexadecimal digits.
    pub official: Option<String>,
    pub position: Option<String>,
    pub system: Option<SystemId>,
    pub agency: Option<AgencyId>,
    /// The body's name was looked up in the register when the entry is shown.
    pub acr: u8,
    /// By what they were known; absent for nobody, and in entries from before it was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialKind>,
}

/// What of one subject left in which form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosed {
    pub subject: PersonId,
    pub class: DataClass,
    pub form: Form,
}

/// One step of the walk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub name: Cow<'static, str>,
    pub found: Cow<'static, str>,
}

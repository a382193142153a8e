//! What was decided, by which rules, and with which duties.

use serde::{Deserialize, Serialize};

use crate::domain::data::{Facet, Form};
use crate::domain::hex;
use crate::domain::name::{BasisId, RuleId};

/// The identity of a bundle: SHA-256 of its manifest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BundleId(pub [u8; 32]);

impl std::fmt::Display for BundleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::digits(&self.0))
    }
}

impl std::fmt::Debug for BundleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BundleId({self})")
    }
}

/// What was decided about one facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetDecision {
    pub facet: Facet,
    pub form: Form,
    /// Rules that decided, by id: the permits of a disclosure, the forbids of a refusal.
    pub rules: Vec<RuleId>,
    /// How the reader could come to see more, from the closest rule's `@hint`.
    pub hint: Option<Hint>,
    /// A rule could not be evaluated: denied, and an alarm.
    pub degraded: bool,
}

/// What a decision obliges the house to do, merged over all rules that decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Obligations {
    pub journal: JournalDepth,
    pub notify: Vec<Notice>,
    pub bases: Vec<BasisId>,
}

/// How much an entry tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JournalDepth {
    /// Own access and the public class only.
    Summary,
    #[default]
    Full,
}

/// Whom an access is told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    SubjectNow,
    SubjectDigest,
    SecurityNow,
    HeadOfUnit,
}

/// What someone who was refused can do to be allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hint {
    /// Sign in more strongly, to this rank.
    StepUp(u8),
    Justify,
    Case,
    Approve,
    Consent,
}

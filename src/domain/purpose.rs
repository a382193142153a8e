//! Why data is asked for.

use serde::{Deserialize, Serialize};

use crate::domain::name::{BasisId, CaseNumber, PurposeId};
use crate::domain::text::Texts;
use crate::domain::time::Timestamp;

/// A purpose of the vocabulary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose {
    pub id: PurposeId,
    pub parent: Option<PurposeId>,
    pub basis: BasisId,
    pub titles: Texts,
    pub visibility: Visibility,
}

/// Whose journal shows an access for this purpose (some purposes would tell one person about
/// another's affairs: a will, a protection order).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    MainSubject,
    AllSubjects,
}

/// A legal basis of the vocabulary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalBasis {
    pub id: BasisId,
    pub act: String,
    pub article: String,
    pub titles: Texts,
    pub until: Option<Timestamp>,
}

/// What a request says about why it asks: read from `Muhrdor-Purpose` and `Muhrdor-Case`, or from
/// the working case of a session. A claim, not a fact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claim {
    pub purpose: Option<PurposeId>,
    pub case: Option<CaseNumber>,
}

//! Kinds of personal data, forms in which it may leave, and places where it is found.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::name::DataClass;
use crate::domain::person::Person;

/// How a value is made less revealing, from least to most revealing: the order in which two rules'
/// masks are merged (the smaller one wins).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mask {
    /// A fixed token.
    Redacted,
    /// A range the value lies in.
    Band,
    /// A keyed pseudonym, one for each recipient.
    Pseudonym,
    /// Some of its parts.
    Partial,
    /// Its last four characters.
    Last4,
}

impl Mask {
    pub const ALL: [Self; 5] = [
        Self::Redacted,
        Self::Band,
        Self::Pseudonym,
        Self::Partial,
        Self::Last4,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Redacted => "redacted",
            Self::Band => "band",
            Self::Pseudonym => "pseudonym",
            Self::Partial => "partial",
            Self::Last4 => "last4",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mask| mask.as_str() == name)
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The form in which one data class of one subject leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    Absent,
    /// Only a yes or no computed from it.
    Verified,
    Masked(Mask),
    Clear,
}

/// One subject's record × one data class: what a decision on disclosure is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Facet {
    pub subject: Person,
    pub class: DataClass,
}

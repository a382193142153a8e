//! Who asks.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::name::{AgencyId, OfficialId, RealmId, RoleId, Scope, SystemId};
use crate::domain::person::Person;
use crate::domain::time::Timestamp;

/// The one who asks, as surely as their authentication allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    Anonymous,
    Person(Arc<PersonPrincipal>),
    Official(Arc<OfficialPrincipal>),
    System(Arc<SystemPrincipal>),
}

/// An applicant: a person in the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonPrincipal {
    pub person: Person,
    pub realm: RealmId,
    pub name: DisplayName,
    pub assurance: Assurance,
}

/// An official of a state body. Roles are facts of the body's staff register, not claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficialPrincipal {
    pub official: OfficialId,
    pub agency: AgencyId,
    pub realm: RealmId,
    pub name: DisplayName,
    /// The official's own person, where the provider says it: what self-dealing is judged by.
    pub person: Option<Person>,
    pub position: String,
    pub assurance: Assurance,
}

/// A body's information system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemPrincipal {
    pub system: SystemId,
    pub agency: AgencyId,
    pub roles: Vec<RoleId>,
    pub scopes: Vec<Scope>,
    pub assurance: Assurance,
}

/// How strongly and when a principal was authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assurance {
    pub rank: AcrRank,
    pub authenticated_at: Timestamp,
}

/// Authentication context rank: 0 anonymous, 1 password or SMS, 2 second factor, 3 own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct AcrRank(u8);

impl AcrRank {
    pub const ANONYMOUS: Self = Self(0);
    pub const RANK_MAX: u8 = 3;

    /// The rank, or `None` above [`AcrRank::RANK_MAX`].
    #[must_use]
    pub const fn new(rank: u8) -> Option<Self> {
        if rank <= Self::RANK_MAX {
            Some(Self(rank))
        } else {
            None
        }
    }

    #[must_use]
    pub const fn as_u8(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for AcrRank {
    type Error = String;

    fn try_from(rank: u8) -> Result<Self, String> {
        Self::new(rank).ok_or_else(|| format!("an assurance rank is 0 to {}", Self::RANK_MAX))
    }
}

impl From<AcrRank> for u8 {
    fn from(rank: AcrRank) -> Self {
        rank.0
    }
}

/// A person's name for greeting them on their own page. Never journaled, never in `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DisplayName(pub String);

impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DisplayName(withheld)")
    }
}

/// By what somebody is known. An operation says which of them it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialKind {
    /// A session of the portal.
    Session,
    /// A bearer token of a body's system.
    Bearer,
    /// A client certificate.
    Certificate,
}

impl CredentialKind {
    /// The stable word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Bearer => "bearer",
            Self::Certificate => "certificate",
        }
    }
}

/// The kinds of principal: what an operation is open to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrincipalKind {
    Anonymous,
    Person,
    Official,
    System,
}

impl PrincipalKind {
    /// The stable word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Person => "person",
            Self::Official => "official",
            Self::System => "system",
        }
    }
}

impl Principal {
    #[must_use]
    pub const fn kind(&self) -> PrincipalKind {
        match self {
            Self::Anonymous => PrincipalKind::Anonymous,
            Self::Person(_) => PrincipalKind::Person,
            Self::Official(_) => PrincipalKind::Official,
            Self::System(_) => PrincipalKind::System,
        }
    }

    /// How strongly they were authenticated; `None` for nobody.
    #[must_use]
    pub fn assurance(&self) -> Option<Assurance> {
        match self {
            Self::Anonymous => None,
            Self::Person(p) => Some(p.assurance),
            Self::Official(o) => Some(o.assurance),
            Self::System(s) => Some(s.assurance),
        }
    }

    /// Their rank; anonymous has the lowest.
    #[must_use]
    pub fn rank(&self) -> AcrRank {
        self.assurance().map_or(AcrRank::ANONYMOUS, |a| a.rank)
    }

    /// The body they act for; a person acts for none.
    #[must_use]
    pub fn agency(&self) -> Option<&AgencyId> {
        match self {
            Self::Anonymous | Self::Person(_) => None,
            Self::Official(o) => Some(&o.agency),
            Self::System(s) => Some(&s.agency),
        }
    }

    /// The person behind the principal, where one is known.
    #[must_use]
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Anonymous | Self::System(_) => None,
            Self::Person(p) => Some(&p.person),
            Self::Official(o) => o.person.as_ref(),
        }
    }
}

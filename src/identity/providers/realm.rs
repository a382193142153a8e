//! A realm people sign in through: one client at one `OpenID` provider.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::domain::name::RealmId;
use crate::domain::principal::AcrRank;
use crate::identity::keysets::IssuerKeys;

/// A realm as the operator sets it up.
#[derive(Clone)]
pub struct RealmSettings {
    pub id: RealmId,
    /// Compared byte for byte (`OpenID` Connect Core §3.1.3.7).
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Zeroizing<String>,
    pub claims: RealmClaims,
    /// Rank of each `acr` value; a value that is not listed signs nobody in.
    pub acr: BTreeMap<String, AcrRank>,
    /// Scopes asked for besides `openid`.
    pub scopes: Vec<String>,
    /// How long ago the provider may have authenticated the person.
    pub auth_age_seconds_max: u32,
}

/// What kind of principal a realm makes, and the names of the claims that say who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RealmClaims {
    Person {
        pinfl: String,
        name: String,
    },
    Official {
        official: String,
        agency: String,
        name: String,
        position: String,
        pinfl: String,
    },
}

/// Whom a realm signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RealmKind {
    Person,
    Official,
}

impl RealmSettings {
    #[must_use]
    pub const fn kind(&self) -> RealmKind {
        match self.claims {
            RealmClaims::Person { .. } => RealmKind::Person,
            RealmClaims::Official { .. } => RealmKind::Official,
        }
    }

    /// Where the keys of its ID tokens are: its discovery document says.
    #[must_use]
    pub fn keys(&self) -> IssuerKeys {
        IssuerKeys {
            issuer: self.issuer.clone(),
            jwks: None,
        }
    }
}

impl fmt::Debug for RealmSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealmSettings")
            .field("id", &self.id)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

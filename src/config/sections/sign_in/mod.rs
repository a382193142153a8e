//! Who vouches for people and systems: sign-in realms and issuers of bearer tokens.

mod certificates;

use std::collections::BTreeMap;

use crate::config::place::Place;
use crate::config::secret::SecretFile;
use crate::config::sections::upstream::{URL_MEND, guarded_url, named};
use crate::domain::name::{AgencyId, RealmId, RoleId, Scope, SystemId};
use crate::domain::principal::AcrRank;
use crate::domain::sheet::{At, Table};

pub use certificates::Certificates;

/// A realm people sign in through: one client at one `OpenID` provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realm {
    pub id: RealmId,
    /// Compared byte for byte.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretFile,
    /// What kind of principal it makes, and which claims say who.
    pub claims: Claims,
    /// Rank of each `acr` value; a value that is not listed signs nobody in.
    pub acr: BTreeMap<String, AcrRank>,
    /// Scopes asked for besides `openid`.
    pub scopes: Vec<String>,
    pub session: SessionBounds,
}

/// Names of the claims that say who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claims {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionBounds {
    pub idle_seconds_max: u32,
    pub seconds_max: u32,
}

/// An issuer of bearer tokens for bodies' systems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    pub name: String,
    /// Compared byte for byte.
    pub issuer: String,
    /// Where its keys are; else its discovery document says.
    pub jwks: Option<String>,
    /// The only audience accepted.
    pub audience: String,
    pub algorithms: Vec<Algorithm>,
    /// Accepted `typ` of the header (RFC 9068 §2.1), lower case.
    pub types: Vec<String>,
    pub systems: Vec<System>,
}

/// Signature algorithms that a token may have: asymmetric ones only, so that a public key never
/// serves as a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Es256,
    Es384,
    Ps256,
    Rs256,
    EdDsa,
}

/// A body's system: what its client id stands for. What a token says of itself beyond this counts
/// for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    pub id: SystemId,
    pub agency: AgencyId,
    pub roles: Vec<RoleId>,
    /// The most it may be granted; a token may hold fewer.
    pub scopes: Vec<Scope>,
    pub assurance: AcrRank,
}

impl Realm {
    pub(in crate::config) fn read(
        name: At<&str>,
        table: &mut Table<'_>,
        place: &Place,
    ) -> Option<At<Self>> {
        let line = name.line;
        let id = named(name, table, RealmId::parse);
        let issuer = table.need_parsed("issuer", URL_MEND, guarded_url);
        let client_id = table.need::<String>("client_id");
        let client_secret = place.secret(table, "client_secret_file");
        let claims = Claims::read(table);
        let acr = table.need_section("acr", |inner| Some(ranks(inner)));
        let scopes = table.list::<String>("scopes");
        let idle = table.bounded("session_idle_seconds_max", 1_800, (60, 86_400));
        let whole = table.bounded("session_seconds_max", 43_200, (60, 604_800));
        let session = SessionBounds {
            idle_seconds_max: u32::try_from(idle?).ok()?,
            seconds_max: u32::try_from(whole?).ok()?,
        };
        let realm = Self {
            id: id?,
            issuer: issuer?.value,
            client_id: client_id?.value,
            client_secret: client_secret?,
            claims: claims?,
            acr: acr?,
            scopes: scopes.into_iter().map(|at| at.value).collect(),
            session,
        };
        Some(At { value: realm, line })
    }
}

impl Claims {
    fn read(table: &mut Table<'_>) -> Option<Self> {
        let At { value: kind, line } = table.need::<String>("kind")?;
        let is_person = match kind.as_str() {
            "person" => true,
            "official" => false,
            _ => {
                let what = format!("`{kind}` is no kind of realm");
                table.note(line, what, "write `person` or `official`");
                return None;
            }
        };
        let read = |inner: &mut Table<'_>| {
            let mut claim = |key| inner.need::<String>(key).map(|at| at.value);
            let (name, pinfl) = (claim("name"), claim("pinfl"));
            if is_person {
                return Some(Self::Person {
                    pinfl: pinfl?,
                    name: name?,
                });
            }
            let (official, agency, position) =
                (claim("official"), claim("agency"), claim("position"));
            Some(Self::Official {
                official: official?,
                agency: agency?,
                name: name?,
                position: position?,
                pinfl: pinfl?,
            })
        };
        table.need_section("claims", read)
    }
}

/// `acr` values and their ranks.
fn ranks(table: &mut Table<'_>) -> BTreeMap<String, AcrRank> {
    let ranks = table.numbers("write a rank from 0 to 3", |acr, number| {
        let rank = u8::try_from(number).ok().and_then(AcrRank::new);
        let rank = rank.ok_or_else(|| format!("`{number}` is no rank of assurance"))?;
        Ok((acr.to_owned(), rank))
    });
    if ranks.is_empty() {
        table.note(
            table.line(),
            "no `acr` value has a rank",
            "write `acr = { \"1\" = 1 }`",
        );
    }
    ranks.into_iter().collect()
}

impl Issuer {
    pub(in crate::config) fn read(name: At<&str>, table: &mut Table<'_>) -> Option<At<Self>> {
        let issuer = table.need_parsed("issuer", URL_MEND, guarded_url);
        let jwks = table.want_parsed("jwks", URL_MEND, guarded_url);
        let audience = table.need::<String>("audience");
        let mend = "write `ES256`, `ES384`, `PS256`, `RS256` or `EdDSA`";
        let algorithms = table.list_parsed("algorithms", mend, Algorithm::parse);
        if table.is_empty("algorithms") {
            table.note(name.line, "no algorithm is accepted", mend);
        }
        let types = table.list::<String>("types");
        if table.is_empty("types") {
            table.note(
                name.line,
                "no type of token is accepted",
                "write `types = [\"at+jwt\"]`",
            );
        }
        let systems = table.named("systems", System::read);
        let (issuer, audience) = (issuer?, audience?);
        let issuer = Self {
            name: name.value.to_owned(),
            issuer: issuer.value,
            jwks: jwks.map(|at| at.value),
            audience: audience.value,
            algorithms: algorithms.into_iter().map(|at| at.value).collect(),
            types: types
                .into_iter()
                .map(|at| at.value.to_ascii_lowercase())
                .collect(),
            systems,
        };
        Some(At {
            value: issuer,
            line: name.line,
        })
    }
}

impl Algorithm {
    fn parse(given: &str) -> Result<Self, String> {
        match given {
            "ES256" => Ok(Self::Es256),
            "ES384" => Ok(Self::Es384),
            "PS256" => Ok(Self::Ps256),
            "RS256" => Ok(Self::Rs256),
            "EdDSA" => Ok(Self::EdDsa),
            _ => Err(format!(
                "`{given}` is no asymmetric signature algorithm known here"
            )),
        }
    }
}

impl System {
    fn read(name: At<&str>, table: &mut Table<'_>) -> Option<Self> {
        let id = named(name, table, SystemId::parse);
        let agency = table.need_parsed("agency", "name a body", AgencyId::parse);
        let roles = table.list_parsed("roles", "name a role", RoleId::parse);
        let scopes = table.list_parsed("scopes", "name a scope", Scope::parse);
        let assurance = table.bounded("assurance", 2, (0, u64::from(AcrRank::RANK_MAX)));
        Some(Self {
            id: id?,
            agency: agency?.value,
            roles: roles.into_iter().map(|at| at.value).collect(),
            scopes: scopes.into_iter().map(|at| at.value).collect(),
            assurance: AcrRank::new(u8::try_from(assurance?).ok()?)?,
        })
    }
}

//! From claims to a principal.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::domain::name::{AgencyId, OfficialId};
use crate::domain::person::{Person, Pinfl};
use crate::domain::principal::{
    Assurance, DisplayName, OfficialPrincipal, PersonPrincipal, Principal,
};
use crate::identity::login::LoginError;
use crate::identity::login::id_token::text;
use crate::identity::providers::{RealmClaims, RealmSettings};
use crate::keys::Pseudonym;

/// The longest name or position, in bytes.
const WORDS_BYTES_MAX: usize = 256;

/// The principal that verified claims stand for. A person without a true number is nobody; an
/// official may have none, but not a false one.
pub(super) fn principal(
    claims: &Map<String, Value>,
    realm: &RealmSettings,
    assurance: Assurance,
    pseudonym: &Pseudonym,
) -> Result<Principal, LoginError> {
    let wrong = |name: &str| LoginError::Claim(name.to_owned());
    let need = |name: &str| text(claims, name).ok_or_else(|| wrong(name));
    let words = |name: &str| {
        let words = need(name)?.trim();
        let fit = !words.is_empty()
            && words.len() <= WORDS_BYTES_MAX
            && !words.chars().any(char::is_control);
        fit.then(|| words.to_owned()).ok_or_else(|| wrong(name))
    };
    let person = |name: &str| {
        let pinfl = Pinfl::parse(need(name)?).map_err(|_| wrong(name))?;
        let id = pseudonym.person(&pinfl);
        Ok::<_, LoginError>(Person { id, pinfl })
    };
    match &realm.claims {
        RealmClaims::Person { pinfl, name } => Ok(Principal::Person(Arc::new(PersonPrincipal {
            person: person(pinfl)?,
            realm: realm.id.clone(),
            name: DisplayName(words(name)?),
            assurance,
        }))),
        RealmClaims::Official {
            official,
            agency,
            name,
            position,
            pinfl,
        } => Ok(Principal::Official(Arc::new(OfficialPrincipal {
            official: OfficialId::parse(need(official)?).map_err(|_| wrong(official))?,
            agency: AgencyId::parse(need(agency)?).map_err(|_| wrong(agency))?,
            realm: realm.id.clone(),
            name: DisplayName(words(name)?),
            person: match claims.get(pinfl) {
                None | Some(Value::Null) => None,
                Some(_) => Some(person(pinfl)?),
            },
            position: words(position)?,
            assurance,
        }))),
    }
}

//! A session as bytes: what is sealed.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::domain::name::{AgencyId, CaseNumber, OfficialId, PurposeId, RealmId};
use crate::domain::person::{Person, Pinfl};
use crate::domain::principal::{
    Assurance, DisplayName, OfficialPrincipal, PersonPrincipal, Principal,
};
use crate::domain::purpose::Claim;
use crate::domain::time::Timestamp;
use crate::identity::session::{Session, SessionError};
use crate::keys::Pseudonym;

/// A session, written out. Holds a PINFL in clear: never kept, never printed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// Of this form.
    version: u8,
    realm: RealmId,
    began: Timestamp,
    assurance: Assurance,
    name: DisplayName,
    pinfl: Option<String>,
    office: Option<Office>,
    purpose: Option<PurposeId>,
    case: Option<CaseNumber>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Office {
    official: OfficialId,
    agency: AgencyId,
    position: String,
}

const VERSION: u8 = 1;

impl Record {
    pub(super) fn of(session: &Session) -> Result<Self, SessionError> {
        let (assurance, name, pinfl, office) = match &session.principal {
            Principal::Person(p) => (p.assurance, &p.name, Some(p.person.pinfl), None),
            Principal::Official(o) => {
                let office = Office {
                    official: o.official.clone(),
                    agency: o.agency.clone(),
                    position: o.position.clone(),
                };
                (
                    o.assurance,
                    &o.name,
                    o.person.map(|person| person.pinfl),
                    Some(office),
                )
            }
            Principal::Anonymous | Principal::System(_) => {
                return Err(SessionError::NotPersonal(session.principal.kind().as_str()));
            }
        };
        Ok(Self {
            version: VERSION,
            realm: session.realm.clone(),
            began: session.began,
            assurance,
            name: name.clone(),
            pinfl: pinfl.map(|pinfl| pinfl.expose().to_owned()),
            office,
            purpose: session.claim.purpose.clone(),
            case: session.claim.case.clone(),
        })
    }

    pub(super) fn write(&self) -> Result<Zeroizing<Vec<u8>>, SessionError> {
        let written = serde_json::to_vec(self).map_err(|_| SessionError::Unreadable)?;
        Ok(Zeroizing::new(written))
    }

    pub(super) fn read(written: &[u8]) -> Result<Self, SessionError> {
        let record: Self = serde_json::from_slice(written).map_err(|_| SessionError::Unreadable)?;
        if record.version != VERSION {
            return Err(SessionError::Unreadable);
        }
        Ok(record)
    }

    pub(super) fn session(self, pseudonym: &Pseudonym) -> Result<Session, SessionError> {
        let person = match &self.pinfl {
            Some(digits) => {
                let pinfl = Pinfl::parse(digits).map_err(|_| SessionError::Unreadable)?;
                Some(Person {
                    id: pseudonym.person(&pinfl),
                    pinfl,
                })
            }
            None => None,
        };
        let principal = match self.office {
            Some(office) => Principal::Official(Arc::new(OfficialPrincipal {
                official: office.official,
                agency: office.agency,
                realm: self.realm.clone(),
                name: self.name,
                person,
                position: office.position,
                assurance: self.assurance,
            })),
            None => Principal::Person(Arc::new(PersonPrincipal {
                person: person.ok_or(SessionError::Unreadable)?,
                realm: self.realm.clone(),
                name: self.name,
                assurance: self.assurance,
            })),
        };
        Ok(Session {
            principal,
            realm: self.realm,
            began: self.began,
            claim: Claim {
                purpose: self.purpose,
                case: self.case,
            },
        })
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Record(withheld)")
    }
}

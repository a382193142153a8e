//! A file of facts: for bodies without a system of their own, and for trying things out.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::fact::{Case, Consent, Mandate, Staff, Standing};
use crate::domain::name::{
    AgencyId, CaseNumber, ConsentId, DataClass, DepartmentId, MandateId, OfficialId, PurposeId,
    RoleId,
};
use crate::domain::person::{Person, Pinfl};
use crate::domain::time::WrittenTime;
use crate::facts::source::{Asked, FactSource};
use crate::keys::Pseudonym;

/// Facts read from a TOML file at start and at reload.
#[derive(Debug)]
pub struct FactFile {
    cases: Vec<Case>,
    staff: Vec<Staff>,
    mandates: Vec<Mandate>,
    consents: Vec<Consent>,
    standings: Vec<(Person, Standing)>,
}

/// Why the file does not read.
#[derive(Debug, thiserror::Error)]
pub enum FactFileError {
    #[error("`{path}` cannot be read: {cause}")]
    Read {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error("`{path}` is not a file of facts: {cause}")]
    Form {
        path: PathBuf,
        cause: toml::de::Error,
    },
    #[error("`{path}`: {table} number {number} names a person by what is no PINFL")]
    Person {
        path: PathBuf,
        table: &'static str,
        number: usize,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFacts {
    #[serde(default)]
    case: Vec<RawCase>,
    #[serde(default)]
    staff: Vec<RawStaff>,
    #[serde(default)]
    mandate: Vec<RawMandate>,
    #[serde(default)]
    consent: Vec<RawConsent>,
    #[serde(default)]
    person: Vec<RawPerson>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    number: CaseNumber,
    agency: AgencyId,
    purpose: PurposeId,
    open: bool,
    subject: String,
    assignees: Vec<OfficialId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStaff {
    official: OfficialId,
    agency: AgencyId,
    active: bool,
    trained_until: WrittenTime,
    roles: Vec<RoleId>,
    department: Option<DepartmentId>,
    position: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMandate {
    id: MandateId,
    holder: String,
    subject: String,
    purposes: Vec<PurposeId>,
    valid_until: WrittenTime,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConsent {
    id: ConsentId,
    subject: String,
    recipient: AgencyId,
    purposes: Vec<PurposeId>,
    classes: Vec<DataClass>,
    valid_until: WrittenTime,
    withdrawn: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPerson {
    pinfl: String,
    protected: bool,
    restricted: bool,
    minor: bool,
}

impl FactFile {
    /// Reads the file.
    ///
    /// # Errors
    /// [`FactFileError`] with the place of what does not read.
    pub fn read(path: &Path, pseudonym: &Pseudonym) -> Result<Self, FactFileError> {
        let text = std::fs::read_to_string(path).map_err(|cause| FactFileError::Read {
            path: path.to_owned(),
            cause,
        })?;
        let raw: RawFacts = toml::from_str(&text).map_err(|cause| FactFileError::Form {
            path: path.to_owned(),
            cause,
        })?;
        let person = |table: &'static str, index: usize, pinfl: &str| {
            Pinfl::parse(pinfl)
                .map(|pinfl| Person {
                    id: pseudonym.person(&pinfl),
                    pinfl,
                })
                .map_err(|_| FactFileError::Person {
                    path: path.to_owned(),
                    table,
                    number: index + 1,
                })
        };
        let mut facts = Self {
            cases: Vec::new(),
            staff: raw.staff.into_iter().map(RawStaff::built).collect(),
            mandates: Vec::new(),
            consents: Vec::new(),
            standings: Vec::new(),
        };
        for (i, case) in raw.case.into_iter().enumerate() {
            let subject = person("case", i, &case.subject)?;
            facts.cases.push(case.built(&subject));
        }
        for (i, mandate) in raw.mandate.into_iter().enumerate() {
            let holder = person("mandate", i, &mandate.holder)?;
            let subject = person("mandate", i, &mandate.subject)?;
            facts.mandates.push(mandate.built(&holder, &subject));
        }
        for (i, consent) in raw.consent.into_iter().enumerate() {
            let subject = person("consent", i, &consent.subject)?;
            facts.consents.push(consent.built(&subject));
        }
        for (
            i,
            RawPerson {
                pinfl,
                protected,
                restricted,
                minor,
            },
        ) in raw.person.into_iter().enumerate()
        {
            let standing = Standing {
                protected,
                restricted,
                minor,
            };
            facts
                .standings
                .push((person("person", i, &pinfl)?, standing));
        }
        Ok(facts)
    }
}

impl RawCase {
    fn built(self, subject: &Person) -> Case {
        Case {
            number: self.number,
            agency: self.agency,
            purpose: self.purpose,
            open: self.open,
            subject: subject.id,
            assignees: self.assignees,
        }
    }
}

impl RawStaff {
    fn built(self) -> Staff {
        Staff {
            official: self.official,
            agency: self.agency,
            active: self.active,
            trained_until: self.trained_until.0,
            roles: self.roles,
            department: self.department,
            position: self.position,
        }
    }
}

impl RawMandate {
    fn built(self, holder: &Person, subject: &Person) -> Mandate {
        Mandate {
            id: self.id,
            holder: holder.id,
            subject: subject.id,
            purposes: self.purposes,
            valid_until: self.valid_until.0,
        }
    }
}

impl RawConsent {
    fn built(self, subject: &Person) -> Consent {
        Consent {
            id: self.id,
            subject: subject.id,
            recipient: self.recipient,
            purposes: self.purposes,
            classes: self.classes,
            valid_until: self.valid_until.0,
            withdrawn: self.withdrawn,
        }
    }
}

impl FactSource for FactFile {
    fn case<'a>(&'a self, agency: &'a AgencyId, number: &'a CaseNumber) -> Asked<'a, Option<Case>> {
        let found = self
            .cases
            .iter()
            .find(|c| c.agency == *agency && c.number == *number)
            .cloned();
        Box::pin(async move { Ok(found) })
    }

    fn staff<'a>(
        &'a self,
        agency: &'a AgencyId,
        official: &'a OfficialId,
    ) -> Asked<'a, Option<Staff>> {
        let found = self
            .staff
            .iter()
            .find(|s| s.agency == *agency && s.official == *official)
            .cloned();
        Box::pin(async move { Ok(found) })
    }

    fn mandates<'a>(&'a self, holder: &'a Person) -> Asked<'a, Vec<Mandate>> {
        let found = self
            .mandates
            .iter()
            .filter(|m| m.holder == holder.id)
            .cloned()
            .collect();
        Box::pin(async move { Ok(found) })
    }

    fn consents<'a>(
        &'a self,
        subject: &'a Person,
        recipient: &'a AgencyId,
    ) -> Asked<'a, Vec<Consent>> {
        let found = self
            .consents
            .iter()
            .filter(|c| c.subject == subject.id && c.recipient == *recipient)
            .cloned()
            .collect();
        Box::pin(async move { Ok(found) })
    }

    fn standings<'a>(&'a self, people: &'a [Person]) -> Asked<'a, Vec<(Person, Standing)>> {
        let found = self
            .standings
            .iter()
            .filter(|(p, _)| people.contains(p))
            .copied()
            .collect();
        Box::pin(async move { Ok(found) })
    }
}

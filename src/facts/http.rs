//! A body's own system, asked over HTTP at decision time.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::fact::{Case, Consent, Mandate, Staff, Standing};
use crate::domain::name::{
    AgencyId, CaseNumber, ConsentId, DataClass, DepartmentId, MandateId, OfficialId, PurposeId,
    RoleId,
};
use crate::domain::person::{Person, Pinfl};
use crate::domain::time::WrittenTime;
use crate::egress::Egress;
use crate::facts::source::{Asked, FactError, FactSource};
use crate::keys::Pseudonym;

/// How one body's system is asked.
#[derive(Debug, Clone)]
pub struct FactServiceSettings {
    /// The name it has in messages.
    pub name: String,
    /// `http://host:port` or `https://…`, without a trailing slash.
    pub address: String,
    /// The shared secret it knows us by.
    pub secret: String,
}

/// A body's system that answers `GET /cases/{number}`, `/staff/{number}`, `/mandates?holder=`,
/// `/consents?subject=&recipient=` and `/persons/{pinfl}` with JSON; 404 is "there is none".
pub struct FactService {
    settings: FactServiceSettings,
    egress: Arc<Egress>,
    pseudonym: Arc<Pseudonym>,
}

impl std::fmt::Debug for FactService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FactService({})", self.settings.name)
    }
}

#[derive(Deserialize)]
struct CaseAnswer {
    number: CaseNumber,
    agency: AgencyId,
    purpose: PurposeId,
    open: bool,
    subject: String,
    assignees: Vec<OfficialId>,
}

#[derive(Deserialize)]
struct StaffAnswer {
    agency: AgencyId,
    active: bool,
    trained_until: WrittenTime,
    roles: Vec<RoleId>,
    department: Option<DepartmentId>,
    position: String,
}

#[derive(Deserialize, Default)]
struct MandatesAnswer {
    mandates: Vec<MandateAnswer>,
}

#[derive(Deserialize)]
struct MandateAnswer {
    id: MandateId,
    holder: String,
    subject: String,
    purposes: Vec<PurposeId>,
    valid_until: WrittenTime,
}

#[derive(Deserialize, Default)]
struct ConsentsAnswer {
    consents: Vec<ConsentAnswer>,
}

#[derive(Deserialize)]
struct ConsentAnswer {
    id: ConsentId,
    subject: String,
    recipient: AgencyId,
    purposes: Vec<PurposeId>,
    classes: Vec<DataClass>,
    valid_until: WrittenTime,
    withdrawn: bool,
}

impl FactService {
    #[must_use]
    pub fn new(
        settings: FactServiceSettings,
        egress: Arc<Egress>,
        pseudonym: Arc<Pseudonym>,
    ) -> Self {
        Self {
            settings,
            egress,
            pseudonym,
        }
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, FactError> {
        let request = Request::builder()
            .method(Method::GET)
            .uri(format!("{}{path}", self.settings.address))
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", self.settings.secret),
            )
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|_| self.unusable("the address in the config is not one"))?;
        let response = self
            .egress
            .send(request)
            .await
            .map_err(|cause| FactError::Unreachable {
                source_name: self.name(),
                cause: cause.to_string(),
            })?;
        match response.status() {
            StatusCode::OK => serde_json::from_slice(response.body())
                .map(Some)
                .map_err(|cause| self.unusable(&format!("the JSON does not read ({cause})"))),
            StatusCode::NOT_FOUND => Ok(None),
            status => Err(self.unusable(&format!("status {}", status.as_u16()))),
        }
    }

    fn person(&self, pinfl: &str) -> Result<Person, FactError> {
        let pinfl = Pinfl::parse(pinfl).map_err(|cause| self.unusable(&cause.to_string()))?;
        Ok(Person {
            id: self.pseudonym.person(&pinfl),
            pinfl,
        })
    }

    fn name(&self) -> String {
        self.settings.name.clone()
    }

    fn unusable(&self, what: &str) -> FactError {
        FactError::Unusable {
            source_name: self.name(),
            what: what.to_owned(),
        }
    }
}

impl FactSource for FactService {
    fn case<'a>(&'a self, agency: &'a AgencyId, number: &'a CaseNumber) -> Asked<'a, Option<Case>> {
        Box::pin(async move {
            let path = format!("/cases/{}", segment(number.as_str()));
            let Some(answer) = self.ask::<CaseAnswer>(&path).await? else {
                return Ok(None);
            };
            // Of another body: to this one it is no case.
            if answer.agency != *agency {
                return Ok(None);
            }
            if answer.number != *number {
                return Err(self.unusable("another case than the one asked for"));
            }
            let subject = self.person(&answer.subject)?.id;
            Ok(Some(Case {
                number: answer.number,
                agency: answer.agency,
                purpose: answer.purpose,
                open: answer.open,
                subject,
                assignees: answer.assignees,
            }))
        })
    }

    fn staff<'a>(
        &'a self,
        agency: &'a AgencyId,
        official: &'a OfficialId,
    ) -> Asked<'a, Option<Staff>> {
        Box::pin(async move {
            let path = format!("/staff/{}", segment(official.as_str()));
            let Some(answer) = self.ask::<StaffAnswer>(&path).await? else {
                return Ok(None);
            };
            if answer.agency != *agency {
                return Err(self.unusable("an official of another body"));
            }
            Ok(Some(Staff {
                official: official.clone(),
                agency: answer.agency,
                active: answer.active,
                trained_until: answer.trained_until.0,
                roles: answer.roles,
                department: answer.department,
                position: answer.position,
            }))
        })
    }

    fn mandates<'a>(&'a self, holder: &'a Person) -> Asked<'a, Vec<Mandate>> {
        Box::pin(async move {
            let path = format!("/mandates?holder={}", holder.pinfl.expose());
            let answers = self
                .ask::<MandatesAnswer>(&path)
                .await?
                .unwrap_or_default()
                .mandates;
            let mut mandates = Vec::with_capacity(answers.len());
            for answer in answers {
                let held_by = self.person(&answer.holder)?.id;
                if held_by != holder.id {
                    return Err(self.unusable("a mandate of another holder"));
                }
                mandates.push(Mandate {
                    id: answer.id,
                    holder: held_by,
                    subject: self.person(&answer.subject)?.id,
                    purposes: answer.purposes,
                    valid_until: answer.valid_until.0,
                });
            }
            Ok(mandates)
        })
    }

    fn consents<'a>(
        &'a self,
        subject: &'a Person,
        recipient: &'a AgencyId,
    ) -> Asked<'a, Vec<Consent>> {
        Box::pin(async move {
            let pinfl = subject.pinfl.expose();
            let path = format!(
                "/consents?subject={pinfl}&recipient={}",
                segment(recipient.as_str())
            );
            let answers = self
                .ask::<ConsentsAnswer>(&path)
                .await?
                .unwrap_or_default()
                .consents;
            let mut consents = Vec::with_capacity(answers.len());
            for answer in answers {
                if self.person(&answer.subject)?.id != subject.id || answer.recipient != *recipient
                {
                    return Err(self.unusable("a consent about others than was asked"));
                }
                consents.push(Consent {
                    id: answer.id,
                    subject: subject.id,
                    recipient: answer.recipient,
                    purposes: answer.purposes,
                    classes: answer.classes,
                    valid_until: answer.valid_until.0,
                    withdrawn: answer.withdrawn,
                });
            }
            Ok(consents)
        })
    }

    fn standings<'a>(&'a self, people: &'a [Person]) -> Asked<'a, Vec<(Person, Standing)>> {
        Box::pin(async move {
            let mut standings = Vec::with_capacity(people.len());
            for person in people {
                let path = format!("/persons/{}", person.pinfl.expose());
                if let Some(standing) = self.ask::<Standing>(&path).await? {
                    standings.push((*person, standing));
                }
            }
            Ok(standings)
        })
    }
}

/// A name as a path segment or query value: names hold no character that needs more than this.
fn segment(name: &str) -> String {
    name.replace('/', "%2F")
}

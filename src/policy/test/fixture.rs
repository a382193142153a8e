//! The people, cases and operations that a suite of policy tests is about.

use std::collections::BTreeSet;
use std::sync::Arc;

use ring::digest;

use crate::domain::document::DocumentCode;
use crate::domain::fact::{Case, Consent, Facts, Mandate, Presented, Staff, Standing};
use crate::domain::flow::Flow;
use crate::domain::name::{
    DataClass, NameError, OfficialId, OperationId, RealmId, ServiceId, SystemId, UpstreamName,
};
use crate::domain::operation::{
    Assertion, ClassMap, Comparison, Contract, Effect, Method, Mode, Operation, PurposeBinding,
    Question, SubjectAt, Withhold,
};
use crate::domain::person::{Person, PersonId, Pinfl};
use crate::domain::principal::{
    AcrRank, Assurance, DisplayName, OfficialPrincipal, PersonPrincipal, Principal, SystemPrincipal,
};
use crate::domain::service::{Backend, Regulation, Service, ServiceKind};
use crate::domain::text::Texts;
use crate::domain::time::Timestamp;

use super::written::{Check, File, WrittenBinding, WrittenOperation, WrittenSubject};

impl File {
    /// The person of that name.
    pub(super) fn person(&self, name: &str) -> Result<Person, String> {
        if !self.persons.contains_key(name) {
            return Err(format!("`{name}` is no person of this file"));
        }
        person(name)
    }

    pub(super) fn principal(&self, check: &Check, now: Timestamp) -> Result<Principal, String> {
        let rank = AcrRank::new(check.acr).ok_or("acr is 0 to 3")?;
        let assurance = Assurance {
            rank,
            authenticated_at: now,
        };
        let who = check.who.as_str();
        let realm = |name| RealmId::parse(name).map_err(|error| error.to_string());
        if who == "anonymous" {
            return Ok(Principal::Anonymous);
        }
        if self.persons.contains_key(who) {
            return Ok(Principal::Person(Arc::new(PersonPrincipal {
                person: person(who)?,
                realm: realm("applicants")?,
                name: DisplayName(String::new()),
                assurance,
            })));
        }
        let name = OfficialId::parse(who).map_err(|error| error.to_string())?;
        if let Some(official) = self.officials.get(&name) {
            let own = official.person.as_ref().map(|name| self.person(name));
            return Ok(Principal::Official(Arc::new(OfficialPrincipal {
                official: name,
                agency: official.agency.clone(),
                realm: realm("officials")?,
                name: DisplayName(String::new()),
                person: own.transpose()?,
                position: String::new(),
                assurance,
            })));
        }
        let system = SystemId::parse(who).map_err(|error| error.to_string())?;
        let found = self
            .systems
            .get(&system)
            .ok_or(format!("`{who}` is nobody of this file"))?;
        Ok(Principal::System(Arc::new(SystemPrincipal {
            system,
            agency: found.agency.clone(),
            roles: found.roles.clone(),
            scopes: found.scopes.clone(),
            assurance,
        })))
    }

    /// All that the registers of this file say to one check.
    pub(super) fn facts(&self, check: &Check) -> Result<Facts, String> {
        let mut facts = Facts::default();
        for (name, written) in self.persons.iter().filter(|(_, written)| !written.unknown) {
            let standing = Standing {
                protected: written.protected,
                restricted: written.restricted,
                minor: written.minor,
            };
            facts.standings.push((person(name)?.id, standing));
        }
        if let Some((number, case)) = check
            .because
            .case
            .as_ref()
            .and_then(|n| self.cases.get_key_value(n))
        {
            facts.case = Some(Case {
                number: number.clone(),
                agency: case.agency.clone(),
                purpose: case.purpose.clone(),
                open: case.open,
                subject: self.person(&case.subject)?.id,
                assignees: case.assignees.clone(),
            });
        }
        if let Ok(name) = OfficialId::parse(&check.who)
            && let Some(official) = self.officials.get(&name)
        {
            facts.staff = Some(Staff {
                official: name,
                agency: official.agency.clone(),
                active: official.active,
                trained_until: moment(&official.trained_until)?,
                roles: official.roles.clone(),
                department: None,
                position: String::new(),
            });
        }
        for (id, consent) in &self.consents {
            facts.consents.push(Consent {
                id: id.clone(),
                subject: self.person(&consent.subject)?.id,
                recipient: consent.recipient.clone(),
                purposes: consent.purposes.clone(),
                classes: consent.classes.clone(),
                valid_until: moment(&consent.valid_until)?,
                withdrawn: consent.withdrawn,
            });
        }
        for (id, mandate) in &self.mandates {
            facts.mandates.push(Mandate {
                id: id.clone(),
                holder: self.person(&mandate.holder)?.id,
                subject: self.person(&mandate.subject)?.id,
                purposes: mandate.purposes.clone(),
                valid_until: moment(&mandate.valid_until)?,
            });
        }
        if let Some(document) = &check.presents {
            facts.presented = Some(Presented {
                code: DocumentCode::from_bytes([0; 16]),
                kind: document.kind.clone(),
                holder: self.person(&document.holder)?,
                issuer: document.issuer.clone(),
                revoked: document.revoked,
            });
        }
        Ok(facts)
    }

    /// The operation of that name, with the least a register entry could say.
    pub(super) fn operation(&self, name: &str) -> Result<Operation, String> {
        let written = self
            .operations
            .get(name)
            .ok_or(format!("`{name}` is no operation"))?;
        let named = |error: NameError| error.to_string();
        let mode = if written.public {
            Mode::Public
        } else {
            Mode::Fields(Arc::new(no_fields()))
        };
        let effect = match &written.verify {
            Some(class) => Effect::Verify(question(class)),
            None if written.writes => Effect::Write,
            None => Effect::Read,
        };
        let binding = |b: &WrittenBinding| PurposeBinding {
            purpose: b.purpose.clone(),
            who: b.who,
            roles: b.roles.clone(),
        };
        Ok(Operation {
            id: OperationId::parse(name).map_err(named)?,
            service: Arc::new(service(written).map_err(named)?),
            method: if written.writes {
                Method::Post
            } else {
                Method::Get
            },
            template: "/".to_owned(),
            who: written.who.iter().copied().collect(),
            assurance_min: AcrRank::new(written.assurance).ok_or("assurance is 0 to 3")?,
            scopes: written.scopes.clone(),
            purposes: written.purposes.iter().map(binding).collect(),
            effect,
            subject: match written.subject {
                WrittenSubject::Nobody => SubjectAt::Nobody,
                WrittenSubject::Own => SubjectAt::Principal,
                WrittenSubject::Given => SubjectAt::Path("pinfl".to_owned()),
                WrittenSubject::Answer => SubjectAt::Answer,
                WrittenSubject::Document => SubjectAt::Document("code".to_owned()),
            },
            contracts: vec![Contract {
                status: 200,
                media: "application/json".to_owned(),
                mode,
            }],
            issues: written.issues.clone(),
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            cookies: Vec::new(),
            body_bytes_max: 0,
            upstream_ms_max: 0,
            certificate_needed: false,
            credentials: BTreeSet::new(),
            flow: Flow::default(),
            assertion: Assertion::Shared,
            assertion_certificate: false,
        })
    }
}

fn service(written: &WrittenOperation) -> Result<Service, NameError> {
    let none = || Texts {
        uz: String::new(),
        uzc: String::new(),
        ru: String::new(),
        en: String::new(),
    };
    Ok(Service {
        id: ServiceId::parse("tested")?,
        names: none(),
        agency: written.agency.clone(),
        agency_names: none(),
        kind: ServiceKind::Interactive,
        regulation: Regulation {
            number: String::new(),
            term_days: 0,
        },
        hosts: Vec::new(),
        prefix: String::new(),
        backend: if written.in_house {
            Backend::InHouse
        } else {
            Backend::Upstream {
                name: UpstreamName::parse("tested")?,
                prefix: String::new(),
            }
        },
        cors_origins: Vec::new(),
    })
}

fn question(class: &DataClass) -> Question {
    Question {
        name: "tested".to_owned(),
        pointer: String::new(),
        class: class.clone(),
        comparison: Comparison::Below,
        parameter: "below".to_owned(),
        thresholds: Vec::new(),
    }
}

fn no_fields() -> ClassMap {
    ClassMap {
        entries: Vec::new(),
        subjects: Vec::new(),
        withhold: Withhold::Remove,
        bytes_max: 0,
    }
}

/// A person known by name: rules see only the pseudonym, which here is a digest of the name. The
/// number is one for all, the sample that the registry publishes.
fn person(name: &str) -> Result<Person, String> {
    let digest = digest::digest(&digest::SHA256, name.as_bytes());
    let mut id = [0_u8; 32];
    for (to, from) in id.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    Ok(Person {
        id: PersonId::from_bytes(id),
        pinfl: Pinfl::parse("31210932040247").map_err(|error| error.to_string())?,
    })
}

/// An RFC 3339 moment.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    let format = &time::format_description::well_known::Rfc3339;
    let moment = time::OffsetDateTime::parse(text, format)
        .map_err(|_| format!("`{text}` is no moment as 2026-11-23T09:00:00Z"))?;
    Ok(Timestamp::from_unix_seconds(moment.unix_timestamp()))
}

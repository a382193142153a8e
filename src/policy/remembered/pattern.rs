//! An ask as rules see it: which of its persons are the same, not who they are.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::domain::data::Facet;
use crate::domain::fact::{Case, Standing};
use crate::domain::name::{
    AgencyId, BasisId, DataClass, DepartmentId, DocumentKind, PurposeId, RoleId,
};
use crate::domain::operation::Operation;
use crate::domain::peer::Channel;
use crate::domain::person::PersonId;
use crate::domain::principal::{AcrRank, OfficialPrincipal, Principal};

use crate::policy::cedar::{Engine, Scene};

/// All that an answer rests on, beside the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::policy) struct Pattern {
    operation: Same,
    /// The class of the facet; none where the operation itself is asked about.
    class: Option<DataClass>,
    asker: Asker,
    purpose: Option<(PurposeId, BasisId)>,
    channel: Channel,
    rank: AcrRank,
    /// Seconds since the sign-in, where a rule looks at them.
    auth_age: Option<i64>,
    /// How many rules have run out by now.
    lapsed: usize,
    bulk: usize,
    persons: Persons,
    case: Option<CaseSeen>,
    mandate: Option<MandateSeen>,
    consent: Option<ConsentSeen>,
    document: Option<DocumentSeen>,
}

/// One operation of one register: held, so that no other can come to stand in its place.
#[derive(Debug, Clone)]
struct Same(Arc<Operation>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Asker {
    Nobody,
    Person,
    System(AgencyId, Vec<RoleId>),
    Official {
        agency: AgencyId,
        active: bool,
        trained: bool,
        roles: Vec<RoleId>,
        department: Option<DepartmentId>,
    },
}

/// The persons of an ask, numbered as they come: who asks, whom the answer is about, whom the
/// request, the case and the document are about. Of mandate and consent they are the first two.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Persons {
    numbers: [Option<usize>; 5],
    standings: Vec<Option<Standing>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct CaseSeen {
    agency: AgencyId,
    purpose: PurposeId,
    open: bool,
    /// Whether who asks is among those who work on it, and how many these are.
    assigned: bool,
    assignees: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct MandateSeen {
    purposes: Vec<PurposeId>,
    valid: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ConsentSeen {
    purposes: Vec<PurposeId>,
    classes: Vec<DataClass>,
    valid: bool,
    withdrawn: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct DocumentSeen {
    issuer: AgencyId,
    kind: DocumentKind,
    revoked: bool,
}

impl Pattern {
    /// Whether the operation may be called. `None` where that has no answer but a fault.
    pub(in crate::policy) fn at_gate(
        engine: &Engine,
        scene: &Scene<'_>,
        operation: &Arc<Operation>,
    ) -> Option<Self> {
        let class = None;
        Self::of(engine, scene, operation, scene.subject, class, 1)
    }

    /// In which form a facet of an answer about `bulk` persons may leave.
    pub(in crate::policy) fn of_facet(
        engine: &Engine,
        scene: &Scene<'_>,
        operation: &Arc<Operation>,
        facet: &Facet,
        bulk: usize,
    ) -> Option<Self> {
        let (about, class) = (Some(facet.subject.id), Some(facet.class.clone()));
        Self::of(engine, scene, operation, about, class, bulk)
    }

    fn of(
        engine: &Engine,
        scene: &Scene<'_>,
        operation: &Arc<Operation>,
        about: Option<PersonId>,
        class: Option<DataClass>,
        bulk: usize,
    ) -> Option<Self> {
        let now = scene.now;
        let (case, document) = (scene.case(), scene.document.as_ref());
        let mandate = about.and_then(|about| scene.mandate(about));
        let consent = about.and_then(|about| scene.consent(about));
        Some(Self {
            operation: Same(Arc::clone(operation)),
            class,
            asker: asker(scene),
            purpose: scene.purpose.map(|p| (p.id.clone(), p.basis.clone())),
            channel: scene.channel,
            rank: scene.rank,
            auth_age: engine.auth_age_read(scene).ok()?,
            lapsed: engine.lapsed(now),
            bulk,
            persons: persons(
                scene,
                [
                    scene.principal.person().map(|person| person.id),
                    about,
                    scene.subject,
                    case.map(|case| case.subject),
                    document.map(|document| document.subject),
                ],
            ),
            case: case.map(|case| case_seen(scene, case)),
            mandate: mandate.map(|mandate| MandateSeen {
                purposes: mandate.purposes.clone(),
                valid: mandate.valid_until > now,
            }),
            consent: consent.map(|consent| ConsentSeen {
                purposes: consent.purposes.clone(),
                classes: consent.classes.clone(),
                valid: consent.valid_until > now,
                withdrawn: consent.withdrawn,
            }),
            document: document.map(|document| DocumentSeen {
                issuer: document.issuer.clone(),
                kind: document.kind.clone(),
                revoked: document.revoked,
            }),
        })
    }
}

fn asker(scene: &Scene<'_>) -> Asker {
    match scene.principal {
        Principal::Anonymous => Asker::Nobody,
        Principal::Person(_) => Asker::Person,
        Principal::System(system) => Asker::System(system.agency.clone(), scene.roles()),
        Principal::Official(official) => {
            let staff = scene.staff();
            Asker::Official {
                agency: official.agency.clone(),
                active: staff.is_some_and(|staff| staff.active),
                trained: staff.is_some_and(|staff| staff.trained_until > scene.now),
                roles: scene.roles(),
                department: staff.and_then(|staff| staff.department.clone()),
            }
        }
    }
}

fn persons(scene: &Scene<'_>, given: [Option<PersonId>; 5]) -> Persons {
    let mut known: Vec<PersonId> = Vec::with_capacity(given.len());
    let numbers = given.map(|person| {
        let person = person?;
        let number = known.iter().position(|known| *known == person);
        if number.is_none() {
            known.push(person);
        }
        Some(number.unwrap_or(known.len()))
    });
    let standings = known.into_iter().map(|id| scene.facts.standing(id));
    Persons {
        numbers,
        standings: standings.collect(),
    }
}

fn case_seen(scene: &Scene<'_>, case: &Case) -> CaseSeen {
    let mut assignees: Vec<_> = case.assignees.iter().collect();
    assignees.sort_unstable();
    assignees.dedup();
    let assigned = match scene.principal {
        Principal::Official(official) => is_assigned(case, official),
        Principal::Anonymous | Principal::Person(_) | Principal::System(_) => false,
    };
    CaseSeen {
        agency: case.agency.clone(),
        purpose: case.purpose.clone(),
        open: case.open,
        assigned,
        assignees: assignees.len(),
    }
}

/// As the engine names them: by body and number in one.
fn is_assigned(case: &Case, official: &OfficialPrincipal) -> bool {
    let name = |agency: &AgencyId, official| format!("{agency}/{official}");
    let own = name(&official.agency, &official.official);
    let mut assignees = case.assignees.iter();
    assignees.any(|assignee| name(&case.agency, assignee) == own)
}

/// A part of a pattern by its name, and how a pattern is without it.
#[cfg(test)]
pub(super) struct Part(pub(super) &'static str, pub(super) fn(&mut Pattern));

/// Patterns that lack a part.
#[cfg(test)]
impl Pattern {
    /// All of them but the operation. Departments, which no rule can name yet, are no part that an
    /// answer rests on.
    pub(super) const PARTS: [Part; 28] = [
        Part("class", |p| p.class = None),
        Part("kind of asker", |p| p.asker = Asker::Nobody),
        Part("body", |p| match &mut p.asker {
            Asker::System(agency, _) | Asker::Official { agency, .. } => *agency = no_agency(),
            Asker::Nobody | Asker::Person => {}
        }),
        Part("roles", |p| match &mut p.asker {
            Asker::System(_, roles) | Asker::Official { roles, .. } => roles.clear(),
            Asker::Nobody | Asker::Person => {}
        }),
        Part("active", |p| {
            if let Asker::Official { active, .. } = &mut p.asker {
                *active = false;
            }
        }),
        Part("trained", |p| {
            if let Asker::Official { trained, .. } = &mut p.asker {
                *trained = false;
            }
        }),
        Part("purpose", |p| p.purpose = None),
        Part("channel", |p| p.channel = Channel::Portal),
        Part("rank", |p| p.rank = AcrRank::ANONYMOUS),
        Part("time since the sign-in", |p| p.auth_age = None),
        Part("rules that have run out", |p| p.lapsed = 0),
        Part("bulk", |p| p.bulk = 1),
        Part("who is whom", |p| p.persons.numbers = [None; 5]),
        Part("standings", |p| p.persons.standings.clear()),
        Part("body of the case", |p| {
            p.in_case(|case| case.agency = no_agency());
        }),
        Part("purpose of the case", |p| {
            p.in_case(|case| case.purpose = no_purpose());
        }),
        Part("case open", |p| p.in_case(|case| case.open = false)),
        Part("case assigned", |p| p.in_case(|case| case.assigned = false)),
        Part("how many work on the case", |p| {
            p.in_case(|case| case.assignees = 0);
        }),
        Part("purposes of the mandate", |p| {
            p.mandate.iter_mut().for_each(|m| m.purposes.clear());
        }),
        Part("mandate valid", |p| {
            p.mandate.iter_mut().for_each(|m| m.valid = false);
        }),
        Part("purposes of the consent", |p| {
            p.consent.iter_mut().for_each(|c| c.purposes.clear());
        }),
        Part("classes of the consent", |p| {
            p.consent.iter_mut().for_each(|c| c.classes.clear());
        }),
        Part("consent valid", |p| {
            p.consent.iter_mut().for_each(|c| c.valid = false);
        }),
        Part("consent withdrawn", |p| {
            p.consent.iter_mut().for_each(|c| c.withdrawn = false);
        }),
        Part("issuer of the document", |p| {
            p.in_document(|d| d.issuer = no_agency());
        }),
        Part("kind of the document", |p| {
            p.in_document(|d| d.kind = no_kind());
        }),
        Part("document revoked", |p| p.in_document(|d| d.revoked = false)),
    ];

    /// As another operation's, where they are as this one's otherwise.
    pub(super) fn of_operation(&mut self, operation: &Arc<Operation>) {
        self.operation = Same(Arc::clone(operation));
    }

    fn in_case(&mut self, change: impl FnOnce(&mut CaseSeen)) {
        self.case.as_mut().map(change);
    }

    fn in_document(&mut self, change: impl FnOnce(&mut DocumentSeen)) {
        self.document.as_mut().map(change);
    }
}

#[cfg(test)]
fn no_agency() -> AgencyId {
    AgencyId::parse("none").unwrap()
}

#[cfg(test)]
fn no_purpose() -> PurposeId {
    PurposeId::parse("none").unwrap()
}

#[cfg(test)]
fn no_kind() -> DocumentKind {
    DocumentKind::parse("none").unwrap()
}

impl PartialEq for Same {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Same {}

impl Hash for Same {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

//! The entities that rules look at: those of the vocabulary once, those of a request each time.

use std::collections::{BTreeSet, HashMap, HashSet};

use cedar_policy::{Entities, Entity, EntityUid, RestrictedExpression as Expression, Schema};

use crate::domain::data::Facet;

use crate::domain::operation::Mode;
use crate::domain::person::PersonId;
use crate::domain::principal::{OfficialPrincipal, Principal};
use crate::domain::service::{Backend, ServiceKind};

use crate::policy::bundle::Bundle;
use crate::policy::slice::Action;

use super::names::{Names, uid};
use super::{Engine, Fault, Scene};

/// The long-lived store: actions, bodies, and the trees of purposes and classes. Roles and legal
/// bases have neither attributes nor parents: a rule finds as much in their names alone.
pub(super) fn base(names: &Names, bundle: &Bundle) -> Result<Entities, Fault> {
    let words = &bundle.vocabulary;
    let mut all = Vec::new();
    for agency in words.agencies() {
        let sector = Expression::new_string(agency.sector.as_str().to_owned());
        let id = uid(&names.agency, agency.id.as_str());
        all.push(entity(id, [("sector", sector)], [])?);
    }
    for purpose in words.purposes() {
        let parent = purpose
            .parent
            .as_ref()
            .map(|p| uid(&names.purpose, p.as_str()));
        all.push(entity(
            uid(&names.purpose, purpose.id.as_str()),
            [],
            parent,
        )?);
    }
    for class in words.classes() {
        let parent = class.parent.as_ref().map(|c| uid(&names.class, c.as_str()));
        all.push(entity(uid(&names.class, class.id.as_str()), [], parent)?);
    }
    let actions = bundle.schema.action_entities().map_err(fault)?;
    actions
        .add_entities(all, Some(&bundle.schema))
        .map_err(fault)
}

impl Engine {
    /// What rules can look at for this request and these facets: validated at level 2, they see
    /// no further than two steps from the request, so of the base store only what stands there is
    /// taken, with all above it. With a schema, everything is checked against it; rules see the
    /// same either way.
    pub(in crate::policy) fn entities(
        &self,
        scene: &Scene<'_>,
        facets: &[Facet],
        schema: Option<&Schema>,
    ) -> Result<Entities, Fault> {
        let names = &self.names;
        let subjects: BTreeSet<PersonId> = facets
            .iter()
            .map(|facet| facet.subject.id)
            .chain(scene.subject)
            .collect();
        let mut all = self.asker(scene)?;
        let mut persons = subjects.clone();
        persons.extend(scene.principal.person().map(|person| person.id));
        self.asked(scene, &mut all)?;
        if let Some(case) = scene.case() {
            persons.insert(case.subject);
            all.push(self.case_entity(case)?);
        }
        if let Some(document) = &scene.document {
            persons.insert(document.subject);
            all.push(self.document_entity(document)?);
        }
        let mut grants = HashSet::new();
        for subject in &subjects {
            if let Some(mandate) = scene.mandate(*subject)
                && grants.insert(mandate.id.as_str())
            {
                persons.insert(mandate.holder);
                all.push(self.mandate_entity(mandate, scene)?);
            }
            if let Some(consent) = scene.consent(*subject)
                && grants.insert(consent.id.as_str())
            {
                all.push(self.consent_entity(consent, scene)?);
            }
            let service = uid(&names.service, scene.operation.service.id.as_str());
            all.push(entity(self.record(*subject), [], [service])?);
        }
        for person in persons {
            all.push(self.citizen(scene, person)?);
        }
        let mut seen = HashSet::new();
        for facet in facets {
            if seen.insert(facet) {
                all.push(self.facet_entity(scene, facet)?);
            }
        }
        all.extend(self.taken(scene, facets));
        Entities::from_entities(all, schema).map_err(fault)
    }

    /// Of the base store: the actions, the bodies, the purposes and the classes of this request.
    fn taken(&self, scene: &Scene<'_>, facets: &[Facet]) -> Vec<Entity> {
        let names = &self.names;
        let actions = match facets {
            [] => &[
                Action::Invoke,
                Action::Submit,
                Action::IssueDocument,
                Action::RevokeDocument,
            ][..],
            _ => &[
                Action::View,
                Action::ViewMasked,
                Action::Verify,
                Action::ReadJournal,
            ][..],
        };
        let case = scene.case();
        let agencies = scene.principal.agency().into_iter();
        let agencies = agencies
            .chain([&scene.operation.service.agency])
            .chain(case.map(|case| &case.agency))
            .chain(scene.document.map(|document| document.issuer));
        let purposes = scene.purpose.map(|purpose| &purpose.id).into_iter();
        let purposes = purposes.chain(case.map(|case| &case.purpose));
        let needed = actions.iter().map(|a| uid(&names.action, a.as_str()));
        let needed: HashSet<EntityUid> = needed
            .chain(agencies.map(|id| uid(&names.agency, id.as_str())))
            .chain(purposes.map(|id| uid(&names.purpose, id.as_str())))
            .chain(
                facets
                    .iter()
                    .map(|facet| uid(&names.class, facet.class.as_str())),
            )
            .collect();
        let above = needed
            .iter()
            .filter_map(|uid| self.base.ancestors(uid))
            .flatten();
        let all: HashSet<&EntityUid> = needed.iter().chain(above).collect();
        all.into_iter()
            .filter_map(|uid| self.base.get(uid).cloned())
            .collect()
    }

    pub(in crate::policy) fn principal(&self, scene: &Scene<'_>) -> EntityUid {
        let names = &self.names;
        match scene.principal {
            Principal::Anonymous => uid(&names.anonymous, "anonymous"),
            Principal::Person(person) => self.person(person.person.id),
            Principal::Official(o) => names.official_of(&o.agency, &o.official),
            Principal::System(system) => uid(&names.system, system.system.as_str()),
        }
    }

    pub(in crate::policy) fn operation(&self, scene: &Scene<'_>) -> EntityUid {
        uid(&self.names.operation, scene.operation.id.as_str())
    }

    pub(in crate::policy) fn facet(&self, facet: &Facet) -> EntityUid {
        let id = format!("{}/{}", facet.subject.id, facet.class);
        uid(&self.names.facet, &id)
    }

    /// The one document that a request is about.
    pub(in crate::policy) fn document(&self) -> EntityUid {
        uid(&self.names.document, "document")
    }

    fn record(&self, subject: PersonId) -> EntityUid {
        uid(&self.names.record, &subject.to_string())
    }

    pub(super) fn person(&self, person: PersonId) -> EntityUid {
        uid(&self.names.citizen, &person.to_string())
    }

    /// Who asks; a person is made with the other persons.
    fn asker(&self, scene: &Scene<'_>) -> Result<Vec<Entity>, Fault> {
        let names = &self.names;
        let entity = match scene.principal {
            Principal::Person(_) => return Ok(Vec::new()),
            Principal::Anonymous => Entity::with_uid(self.principal(scene)),
            Principal::Official(official) => self.official(scene, official)?,
            Principal::System(system) => {
                let agency = uid(&names.agency, system.agency.as_str());
                let roles = scene
                    .roles()
                    .into_iter()
                    .map(|r| uid(&names.role, r.as_str()));
                let parents: Vec<_> = roles.chain([agency.clone()]).collect();
                entity(
                    self.principal(scene),
                    [("agency", reference(agency))],
                    parents,
                )?
            }
        };
        Ok(vec![entity])
    }

    /// An official of whom the staff register says nothing is neither active nor trained.
    fn official(&self, scene: &Scene<'_>, official: &OfficialPrincipal) -> Result<Entity, Fault> {
        let names = &self.names;
        let staff = scene.staff();
        let agency = uid(&names.agency, official.agency.as_str());
        let mut parents = vec![agency.clone()];
        let mut attributes = vec![
            ("agency", reference(agency)),
            ("active", truth(staff.is_some_and(|s| s.active))),
            (
                "trained",
                truth(staff.is_some_and(|s| s.trained_until > scene.now)),
            ),
        ];
        if let Some(person) = &official.person {
            attributes.push(("person", reference(self.person(person.id))));
        }
        if let Some(staff) = staff {
            parents.extend(scene.roles().iter().map(|r| uid(&names.role, r.as_str())));
            let department = staff.department.as_ref();
            parents.extend(department.map(|d| uid(&names.department, d.as_str())));
        }
        entity(self.principal(scene), attributes, parents)
    }

    /// The operation and its service.
    fn asked(&self, scene: &Scene<'_>, all: &mut Vec<Entity>) -> Result<(), Fault> {
        let names = &self.names;
        let operation = scene.operation;
        let agency = uid(&names.agency, operation.service.agency.as_str());
        let service = uid(&names.service, operation.service.id.as_str());
        let in_house = match &operation.service.backend {
            Backend::InHouse => true,
            Backend::Upstream { .. } => false,
        };
        let kind = match operation.service.kind {
            ServiceKind::Information => "information",
            ServiceKind::Interactive => "interactive",
        };
        let attributes = [
            ("kind", Expression::new_string(kind.to_owned())),
            ("inHouse", truth(in_house)),
        ];
        all.push(entity(service.clone(), attributes, [agency])?);
        let public = !operation.contracts.is_empty()
            && operation
                .contracts
                .iter()
                .all(|contract| match contract.mode {
                    Mode::Public => true,
                    Mode::Whole { .. } | Mode::Fields(_) => false,
                });
        let mut attributes = vec![
            ("service", reference(service.clone())),
            ("public", truth(public)),
            ("inHouse", truth(in_house)),
            ("writes", truth(operation.effect.writes())),
        ];
        if let Some(subject) = scene.subject {
            attributes.push(("subject", reference(self.person(subject))));
        }
        all.push(entity(self.operation(scene), attributes, [service])?);
        Ok(())
    }

    fn citizen(&self, scene: &Scene<'_>, person: PersonId) -> Result<Entity, Fault> {
        let attributes = scene.facts.standing(person).map(|standing| {
            [
                ("minor", truth(standing.minor)),
                ("protected", truth(standing.protected)),
                ("restricted", truth(standing.restricted)),
            ]
        });
        entity(self.person(person), attributes.into_iter().flatten(), [])
    }

    fn facet_entity(&self, scene: &Scene<'_>, facet: &Facet) -> Result<Entity, Fault> {
        let names = &self.names;
        let service = &scene.operation.service;
        let attributes = [
            ("subject", reference(self.person(facet.subject.id))),
            (
                "custodian",
                reference(uid(&names.agency, service.agency.as_str())),
            ),
            (
                "service",
                reference(uid(&names.service, service.id.as_str())),
            ),
        ];
        let class = uid(&names.class, facet.class.as_str());
        entity(
            self.facet(facet),
            attributes,
            [self.record(facet.subject.id), class],
        )
    }
}

pub(super) fn entity<'a>(
    id: EntityUid,
    attributes: impl IntoIterator<Item = (&'a str, Expression)>,
    parents: impl IntoIterator<Item = EntityUid>,
) -> Result<Entity, Fault> {
    let attributes: HashMap<_, _> = attributes
        .into_iter()
        .map(|(word, value)| (word.to_owned(), value))
        .collect();
    Entity::new(id, attributes, parents.into_iter().collect()).map_err(fault)
}

pub(super) fn truth(value: bool) -> Expression {
    Expression::new_bool(value)
}

pub(super) fn reference(id: EntityUid) -> Expression {
    Expression::new_entity_uid(id)
}

fn fault(error: impl std::fmt::Display) -> Fault {
    Fault(error.to_string())
}

//! What a request rests on, as entities: case, consent, mandate, document.

use cedar_policy::{Entity, RestrictedExpression as Expression};

use crate::domain::fact::{Case, Consent, Mandate};
use crate::domain::name::{DataClass, PurposeId};

use super::entities::{entity, reference, truth};
use super::names::uid;
use super::{DocumentScene, Engine, Fault, Scene};

impl Engine {
    pub(super) fn case_entity(&self, case: &Case) -> Result<Entity, Fault> {
        let names = &self.names;
        let assignees = case
            .assignees
            .iter()
            .map(|o| names.official_of(&case.agency, o));
        let attributes = [
            ("subject", reference(self.person(case.subject))),
            (
                "agency",
                reference(uid(&names.agency, case.agency.as_str())),
            ),
            (
                "purpose",
                reference(uid(&names.purpose, case.purpose.as_str())),
            ),
            ("open", truth(case.open)),
            ("assignees", Expression::new_set(assignees.map(reference))),
        ];
        entity(uid(&names.case, case.number.as_str()), attributes, [])
    }

    pub(super) fn document_entity(&self, document: &DocumentScene<'_>) -> Result<Entity, Fault> {
        let issuer = uid(&self.names.agency, document.issuer.as_str());
        let kind = Expression::new_string(document.kind.as_str().to_owned());
        let attributes = [
            ("subject", reference(self.person(document.subject))),
            ("issuer", reference(issuer)),
            ("kind", kind),
            ("revoked", truth(document.revoked)),
        ];
        entity(self.document(), attributes, [])
    }

    pub(super) fn consent_entity(
        &self,
        consent: &Consent,
        scene: &Scene<'_>,
    ) -> Result<Entity, Fault> {
        let names = &self.names;
        let attributes = [
            ("subject", reference(self.person(consent.subject))),
            (
                "recipient",
                reference(uid(&names.agency, consent.recipient.as_str())),
            ),
            ("purposes", self.purposes(&consent.purposes)),
            ("classes", self.classes(&consent.classes)),
            ("valid", truth(consent.valid_until > scene.now)),
            ("withdrawn", truth(consent.withdrawn)),
        ];
        entity(uid(&names.consent, consent.id.as_str()), attributes, [])
    }

    pub(super) fn mandate_entity(
        &self,
        mandate: &Mandate,
        scene: &Scene<'_>,
    ) -> Result<Entity, Fault> {
        let attributes = [
            ("holder", reference(self.person(mandate.holder))),
            ("subject", reference(self.person(mandate.subject))),
            ("purposes", self.purposes(&mandate.purposes)),
            ("valid", truth(mandate.valid_until > scene.now)),
        ];
        entity(
            uid(&self.names.mandate, mandate.id.as_str()),
            attributes,
            [],
        )
    }

    fn purposes(&self, ids: &[PurposeId]) -> Expression {
        Expression::new_set(
            ids.iter()
                .map(|id| reference(uid(&self.names.purpose, id.as_str()))),
        )
    }

    fn classes(&self, ids: &[DataClass]) -> Expression {
        Expression::new_set(
            ids.iter()
                .map(|id| reference(uid(&self.names.class, id.as_str()))),
        )
    }
}

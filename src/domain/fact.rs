//! What the registers of the bodies say about a case, an official, a mandate, a consent, a person.

use serde::{Deserialize, Serialize};

use crate::domain::document::DocumentCode;
use crate::domain::name::{
    AgencyId, CaseNumber, ConsentId, DataClass, DepartmentId, DocumentKind, MandateId, OfficialId,
    PurposeId, RoleId,
};
use crate::domain::person::{Person, PersonId};
use crate::domain::time::Timestamp;

/// A proceeding, as the body that runs it says it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub number: CaseNumber,
    pub agency: AgencyId,
    pub purpose: PurposeId,
    pub open: bool,
    pub subject: PersonId,
    pub assignees: Vec<OfficialId>,
}

/// An official, as their body's staff register says they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    pub official: OfficialId,
    pub agency: AgencyId,
    pub active: bool,
    pub trained_until: Timestamp,
    pub roles: Vec<RoleId>,
    pub department: Option<DepartmentId>,
    pub position: String,
}

/// The right of one person to act for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    pub id: MandateId,
    pub holder: PersonId,
    pub subject: PersonId,
    pub purposes: Vec<PurposeId>,
    pub valid_until: Timestamp,
}

/// A person's consent that a body gets kinds of data for purposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub id: ConsentId,
    pub subject: PersonId,
    pub recipient: AgencyId,
    pub purposes: Vec<PurposeId>,
    pub classes: Vec<DataClass>,
    pub valid_until: Timestamp,
    pub withdrawn: bool,
}

/// What the central database of individuals says of how a person is to be treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Standing {
    /// Under state protection: almost nobody sees them.
    pub protected: bool,
    /// Limited the sharing of their data.
    pub restricted: bool,
    pub minor: bool,
}

/// All that is known for one request when it is decided. What could not be had is absent, and a
/// rule that needs it denies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    pub case: Option<Case>,
    pub staff: Option<Staff>,
    pub mandates: Vec<Mandate>,
    pub consents: Vec<Consent>,
    /// One for each subject that was asked about and is known.
    pub standings: Vec<(PersonId, Standing)>,
    /// The document whose printed access code was shown.
    pub presented: Option<Presented>,
}

/// A document that whoever asks holds in hand: they have shown the code printed on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    pub code: DocumentCode,
    pub kind: DocumentKind,
    pub holder: Person,
    pub issuer: AgencyId,
    pub revoked: bool,
}

impl Facts {
    /// The same, with the document that was shown.
    #[must_use]
    pub fn presenting(self, presented: Option<Presented>) -> Self {
        Self { presented, ..self }
    }

    /// How `person` stands, where that is known.
    #[must_use]
    pub fn standing(&self, person: PersonId) -> Option<Standing> {
        self.standings
            .iter()
            .find(|(id, _)| *id == person)
            .map(|(_, standing)| *standing)
    }
}

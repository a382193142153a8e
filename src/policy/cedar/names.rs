//! The types of the namespace `Gov`, parsed once.

use std::str::FromStr;

use cedar_policy::{EntityId, EntityTypeName, EntityUid};

use crate::domain::name::{AgencyId, OfficialId};

use super::Fault;

macro_rules! names {
    ($($field:ident = $Type:literal,)*) => {
        /// One name for each type that the gateway makes entities of.
        #[derive(Debug)]
        pub(super) struct Names { $(pub(super) $field: EntityTypeName,)* }

        impl Names {
            pub(super) fn new() -> Result<Self, Fault> {
                Ok(Self { $($field: kind(concat!("Gov::", $Type))?,)* })
            }
        }
    };
}

names! {
    action = "Action",
    anonymous = "Anonymous",
    citizen = "Citizen",
    official = "Official",
    system = "System",
    agency = "Agency",
    department = "Department",
    role = "Role",
    purpose = "Purpose",
    basis = "LegalBasis",
    class = "DataClass",
    service = "Service",
    operation = "Operation",
    record = "Record",
    facet = "Facet",
    case = "Case",
    consent = "Consent",
    mandate = "Mandate",
    document = "Document",
}

impl Names {
    /// An official's number counts only at their body.
    pub(super) fn official_of(&self, agency: &AgencyId, official: &OfficialId) -> EntityUid {
        uid(&self.official, &format!("{agency}/{official}"))
    }
}

pub(super) fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn kind(name: &str) -> Result<EntityTypeName, Fault> {
    EntityTypeName::from_str(name).map_err(|error| Fault(error.to_string()))
}

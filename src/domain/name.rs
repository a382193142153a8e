//! Names that are compared and shown, never computed with: one type for each kind of thing.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

/// A name that does not read as one: empty, too long, or with a character outside
/// `a-z A-Z 0-9 . _ : / -`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not a name: use 1 to {NAME_BYTES_MAX} of a-z, A-Z, 0-9, `.`, `_`, `:`, `/`, `-`"
)]
pub struct NameError {
    given: String,
}

/// The longest name, in bytes.
pub const NAME_BYTES_MAX: usize = 96;

fn checked(given: &str) -> Result<Arc<str>, NameError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:/-".contains(&b);
    if given.is_empty() || given.len() > NAME_BYTES_MAX || !given.bytes().all(allowed) {
        return Err(NameError {
            given: given.chars().take(NAME_BYTES_MAX).collect(),
        });
    }
    Ok(Arc::from(given))
}

macro_rules! name {
    ($(#[$doc:meta])* $Name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $Name(Arc<str>);

        impl $Name {
            /// Reads the name; refuses what [`NameError`] says.
            pub fn parse(given: &str) -> Result<Self, NameError> {
                checked(given).map(Self)
            }

            /// The name as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($Name), "({})"), self.0)
            }
        }

        impl<'de> Deserialize<'de> for $Name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let given = String::deserialize(from)?;
                Self::parse(&given).map_err(serde::de::Error::custom)
            }
        }
    };
}

name!(
    /// An e-service of the register, `pension-fund`.
    ServiceId
);
name!(
    /// An operation of an e-service, `pension-fund.record.read`; unique in the register.
    OperationId
);
name!(
    /// A state body or other organisation that takes part, `pension-agency`.
    AgencyId
);
name!(
    /// A unit of a body.
    DepartmentId
);
name!(
    /// What an official or system is at its body, `pension-inspector`.
    RoleId
);
name!(
    /// An official's number at their body, `O-4411`. Personal: shown to citizens only as a
    /// pseudonym.
    OfficialId
);
name!(
    /// A body's information system: its client id.
    SystemId
);
name!(
    /// A sign-in realm, `applicants`.
    RealmId
);
name!(
    /// Why data is asked for, an entry of the vocabulary, `pension.assess`.
    PurposeId
);
name!(
    /// The law that lets a purpose be, an entry of the vocabulary.
    BasisId
);
name!(
    /// What kind of personal data a field is, an entry of the vocabulary, `income`.
    DataClass
);
name!(
    /// A proceeding's number at the body that runs it.
    CaseNumber
);
name!(
    /// A consent's number in the consent register.
    ConsentId
);
name!(
    /// A mandate's number in the register of mandates.
    MandateId
);
name!(
    /// What is issued, an entry of the vocabulary, `birth-certificate`.
    DocumentKind
);
name!(
    /// A document's number at the body that issues it.
    DocumentNumber
);
name!(
    /// A rule of the bundle: its `@id`.
    RuleId
);
name!(
    /// An OAuth scope.
    Scope
);
name!(
    /// The name under which the deployment's config gives an upstream's addresses.
    UpstreamName
);

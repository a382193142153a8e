//! Make the document provable.
//!
//! In: a plain PDF and an `IssuePermit`. Out: the same document with a seal in it (signature of the
//! issuing body, time-stamp, place in the log), found again by its code; verdicts on files.
//! Invariants: nothing is sealed or revoked without its permit; what is handed out is in the log
//! and in the archive; one issuer's number has one seal. Deliberately absent: who may issue what,
//! how a page looks, where things are stored.

mod access;
mod appearance;
mod container;
pub mod index;
mod issuance;
mod kept;
pub mod leaf;
mod record;
mod seal;
mod shown;
mod timestamp;
pub mod verdict;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ring::rand::SecureRandom;

use crate::clock::Clock;
use crate::cms::{CertificateSet, CmsError, Oid};
use crate::domain::name::AgencyId;
use crate::domain::reason::Reason;
use crate::keys::{KeyError, Pseudonym, Signer, Vault};
use crate::pdf::PdfError;
use crate::tlog::{Tlog, TlogError};

pub use access::{ACCESS_COOKIE, AccessToken};
pub use index::{Registrar, RegistrarError, RegistrarOptions};
pub use issuance::{DOCUMENT, Declaration, DeclarationError};
pub use record::Names;
pub use seal::{DocumentNames, Sealed, Seen};
pub use shown::{Known, Named, ProvenEntry, Shown};
pub use timestamp::{Doubt, StampSettings, Stamped, Tsa, TsaError};

/// The key and certificates by which one body seals.
#[derive(Debug, Clone)]
pub struct SealKey {
    pub signer: Arc<dyn Signer>,
    pub certificates: CertificateSet,
}

/// What the notary is told by its operator.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where documents are checked, as people and codes name it: `https://portal.example`.
    pub portal: String,
    /// The name of the attribute that carries the log's proof.
    pub proof_name: Oid,
    /// How long a shown access code opens a document, in milliseconds.
    pub access_ms_max: u32,
}

/// What the notary works with.
pub struct Tools {
    pub seals: BTreeMap<AgencyId, SealKey>,
    pub tsa: Arc<Tsa>,
    pub log: Arc<Tlog>,
    pub registrar: Registrar,
    pub vault: Arc<Vault>,
    pub pseudonym: Arc<Pseudonym>,
    pub random: Arc<dyn SecureRandom + Send + Sync>,
    pub clock: Arc<dyn Clock>,
}

/// Seals, revokes, and knows what was sealed.
pub struct Notary {
    settings: Settings,
    tools: Tools,
}

impl Notary {
    /// # Errors
    /// [`NotaryError::HoleTooSmall`] when a body's certificates leave no room in the hole,
    /// [`NotaryError::Seal`] when a certificate is not for signing or not of its key.
    pub fn new(settings: Settings, tools: Tools) -> Result<Self, NotaryError> {
        for (agency, key) in &tools.seals {
            let certificate = &key.certificates.signer;
            if certificate.public_key() != key.signer.public_key().as_bytes() {
                return Err(NotaryError::OtherKey(agency.clone()));
            }
            let size = seal::size(&settings.proof_name).bytes_max(&key.certificates)?;
            if size > container::HOLE_BYTES {
                return Err(NotaryError::HoleTooSmall(agency.clone()));
            }
        }
        Ok(Self { settings, tools })
    }

    /// The authority that stamps the time.
    #[must_use]
    pub const fn tsa(&self) -> &Arc<Tsa> {
        &self.tools.tsa
    }

    /// The documents' log.
    #[must_use]
    pub const fn log(&self) -> &Arc<Tlog> {
        &self.tools.log
    }

    /// Whether documents of this body can be sealed.
    #[must_use]
    pub fn seals_for(&self, agency: &AgencyId) -> bool {
        self.tools.seals.contains_key(agency)
    }

    /// Writes what waits, and ends.
    pub async fn close(self) {
        self.tools.registrar.close().await;
        if let Some(log) = Arc::into_inner(self.tools.log) {
            log.close().await;
        }
    }
}

impl fmt::Debug for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tools").finish_non_exhaustive()
    }
}

impl fmt::Debug for Notary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notary")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Why a document is not sealed, whatever the gateway could do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsealable {
    #[error(transparent)]
    Pdf(#[from] PdfError),
    #[error("it is signed already")]
    Signed,
    #[error("its last page has no room for a seal")]
    NoRoom,
    #[error("the words beside its seal cannot be shown: {0}")]
    Words(String),
}

/// Why the notary did not do it.
#[derive(Debug, thiserror::Error)]
pub enum NotaryError {
    #[error("the document cannot be sealed")]
    NotSealable(#[from] Unsealable),
    /// (issuer, number) has a seal over something else.
    #[error("the number has a seal already, over another document")]
    NumberTaken,
    #[error("there is no seal key for `{0}`")]
    NoSealKey(AgencyId),
    #[error("the seal certificate of `{0}` is not of its key")]
    OtherKey(AgencyId),
    #[error("the seal certificates of `{0}` leave no room for time-stamp and proof")]
    HoleTooSmall(AgencyId),
    #[error("the seal cannot be made")]
    Seal(#[from] CmsError),
    #[error(transparent)]
    Stamp(#[from] TsaError),
    #[error(transparent)]
    Registrar(#[from] RegistrarError),
    #[error("the documents' log does not write")]
    Log(#[from] TlogError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("what is kept of a document does not read: {0}")]
    Corrupt(&'static str),
    #[error("there is no such document")]
    Unknown,
    #[error("the document is revoked already")]
    RevokedAlready,
    #[error("the work was cut off")]
    CutOff,
}

impl NotaryError {
    /// The reason a caller is told.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::NotSealable(_) => Reason::DocumentNotSealable,
            Self::NumberTaken | Self::RevokedAlready => Reason::DocumentNumberTaken,
            Self::Unknown => Reason::NothingToDisclose,
            Self::Registrar(RegistrarError::NoSpace) | Self::Log(TlogError::NoSpace) => {
                Reason::StoreFull
            }
            Self::NoSealKey(_)
            | Self::OtherKey(_)
            | Self::HoleTooSmall(_)
            | Self::Seal(_)
            | Self::Stamp(_)
            | Self::Registrar(_)
            | Self::Log(_)
            | Self::Key(_)
            | Self::Corrupt(_)
            | Self::CutOff => Reason::NotaryUnavailable,
        }
    }
}

//! The signed list of revoked documents: whoever has it knows how any document stood.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::keys::{KeyError, Signer};
use crate::notary::leaf::{Commitment, Sha256};
use crate::notary::verdict::{Trust, jws};

/// All revoked documents at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusList {
    /// Whose documents.
    pub portal: String,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// How many entries the documents' log had.
    pub size: u64,
    pub revoked: Vec<(Commitment, Timestamp)>,
}

/// Why a list is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    #[error("the status list is not signed by a key of the trust file")]
    NotSigned,
    #[error("the status list does not read")]
    Malformed,
    #[error("the status list is of another portal")]
    OtherPortal,
    #[error("the status list is from the future")]
    Future,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    iss: String,
    iat: i64,
    exp: i64,
    size: u64,
    revoked: Vec<WrittenRevocation>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRevocation {
    commitment: String,
    at: i64,
}

impl StatusList {
    /// The list as it is handed out.
    ///
    /// # Errors
    /// [`KeyError::Signing`].
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, KeyError> {
        let revoked = self
            .revoked
            .iter()
            .map(|(commitment, at)| WrittenRevocation {
                commitment: URL_SAFE_NO_PAD.encode(commitment.0.0),
                at: at.unix_seconds(),
            });
        let written = Written {
            iss: self.portal.clone(),
            iat: self.issued_at.unix_seconds(),
            exp: self.expires_at.unix_seconds(),
            size: self.size,
            revoked: revoked.collect(),
        };
        let statement = serde_json::to_value(written).map_err(|_| KeyError::Signing)?;
        jws::sign(KIND, &statement, signer)
    }

    /// Reads a list of the portal that is trusted. One that has expired is still a list: it says
    /// how things stood.
    ///
    /// # Errors
    /// See [`StatusError`].
    pub fn open(signed: &str, trust: &Trust, now: Timestamp) -> Result<Self, StatusError> {
        let bytes = jws::open(signed, KIND, &trust.keys).ok_or(StatusError::NotSigned)?;
        let written: Written =
            serde_json::from_slice(&bytes).map_err(|_| StatusError::Malformed)?;
        if written.iss != trust.portal {
            return Err(StatusError::OtherPortal);
        }
        let issued_at = Timestamp::from_unix_seconds(written.iat);
        if issued_at.ms_since(now) > AHEAD_MS_MAX {
            return Err(StatusError::Future);
        }
        let revoked = written.revoked.iter().map(|revocation| {
            let bytes = URL_SAFE_NO_PAD.decode(&revocation.commitment).ok()?;
            let commitment = Commitment(Sha256(bytes.try_into().ok()?));
            Some((commitment, Timestamp::from_unix_seconds(revocation.at)))
        });
        Ok(Self {
            portal: written.iss,
            issued_at,
            expires_at: Timestamp::from_unix_seconds(written.exp),
            size: written.size,
            revoked: revoked
                .collect::<Option<_>>()
                .ok_or(StatusError::Malformed)?,
        })
    }

    /// When this document was revoked, if it was.
    #[must_use]
    pub fn revoked_at(&self, commitment: &Commitment) -> Option<Timestamp> {
        let mut revoked = self.revoked.iter();
        revoked
            .find(|(found, _)| found == commitment)
            .map(|(_, at)| *at)
    }
}

const KIND: &str = "muhrdor-status+jwt";
const AHEAD_MS_MAX: i64 = 5 * 60 * 1000;

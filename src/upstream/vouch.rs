//! The signed assertion: what an e-service is told of who asks, and may believe.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;

use crate::domain::name::{AgencyId, CaseNumber, PurposeId, ServiceId};
use crate::domain::principal::Principal;
use crate::domain::time::Timestamp;
use crate::keys::{KeyError, Pseudonym, Rotation, RotationError};
use crate::policy::Permit;

/// How long an assertion is good for, in seconds.
pub const ASSERTION_SECONDS: i64 = 60;

/// The `typ` of an assertion.
pub const ASSERTION_TYPE: &str = "muhrdor-assertion+jwt";

/// Signs assertions: an ES256 JWT (RFC 7515, RFC 7519) for one service.
#[derive(Debug)]
pub struct Vouch {
    /// The `iss` claim: the portal's URL.
    issuer: String,
    keys: Rotation,
    pseudonym: Arc<Pseudonym>,
}

/// Why no assertion was made.
#[derive(Debug, thiserror::Error)]
pub enum VouchError {
    #[error(transparent)]
    NoKey(#[from] RotationError),
    #[error(transparent)]
    Key(#[from] KeyError),
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    /// Pairwise: another service knows the same person by another value.
    sub: String,
    iat: i64,
    exp: i64,
    jti: String,
    kind: &'a str,
    acr: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<&'a str>,
    operation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<&'a str>,
}

impl Vouch {
    /// A voucher that signs with the ring's current key in the name of `issuer`.
    #[must_use]
    pub const fn new(issuer: String, keys: Rotation, pseudonym: Arc<Pseudonym>) -> Self {
        Self {
            issuer,
            keys,
            pseudonym,
        }
    }

    /// The assertion for the permit's service, good for [`ASSERTION_SECONDS`] from `now`.
    ///
    /// # Errors
    /// When there is no key or it cannot sign.
    pub fn assert(&self, permit: &Permit, now: Timestamp) -> Result<String, VouchError> {
        let signer = self.keys.current(now)?;
        let head = Header {
            alg: signer.algorithm().jose(),
            typ: ASSERTION_TYPE,
            kid: signer.key_id().as_str(),
        };
        let operation = permit.operation();
        let principal = permit.principal();
        let claims = Claims {
            iss: &self.issuer,
            aud: operation.service.id.as_str(),
            sub: self.subject(principal, &operation.service.id),
            iat: now.unix_seconds(),
            exp: now.unix_seconds() + ASSERTION_SECONDS,
            jti: permit.visit().to_string(),
            kind: principal.kind().as_str(),
            acr: principal.rank().as_u8(),
            agency: principal.agency().map(AgencyId::as_str),
            operation: operation.id.as_str(),
            purpose: permit.purpose().map(PurposeId::as_str),
            case: permit.case().map(CaseNumber::as_str),
        };
        let signed = format!("{}.{}", encode(&head), encode(&claims));
        let signature = signer.sign(signed.as_bytes())?;
        Ok(format!(
            "{signed}.{}",
            URL_SAFE_NO_PAD.encode(signature.as_bytes())
        ))
    }

    /// The key set that checks assertions (RFC 7517 §5).
    #[must_use]
    pub fn key_set(&self, now: Timestamp) -> Value {
        self.keys.jwks(now)
    }

    /// Who asks, by a name that only this service knows them by.
    fn subject(&self, principal: &Principal, service: &ServiceId) -> String {
        match principal {
            Principal::Anonymous => "anonymous".to_owned(),
            Principal::Person(p) => self.pseudonym.pairwise(p.person.id, service),
            Principal::Official(o) => self.pseudonym.official(&o.agency, &o.official),
            Principal::System(s) => s.system.to_string(),
        }
    }
}

fn encode<T: Serialize>(value: &T) -> String {
    // Serialising a struct of strings and numbers to memory has no way to fail.
    let json = serde_json::to_vec(value).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(json)
}

//! The signed assertion: what an e-service is told of who asks, and may believe.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::domain::principal::Principal;
use crate::domain::time::Timestamp;
use crate::keys::{KeyError, Pseudonym, Signer};
use crate::policy::Permit;

/// How long an assertion is good for, in seconds.
pub const ASSERTION_SECONDS: i64 = 60;

/// Signs assertions: an ES256 JWT (RFC 7515, RFC 7519) for one service, with `typ`
/// `muhrdor-assertion+jwt`.
#[derive(Debug)]
pub struct Vouch {
    /// The `iss` claim: the portal's URL.
    issuer: String,
    signer: Arc<dyn Signer>,
    pseudonym: Arc<Pseudonym>,
    head: String,
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
    /// A voucher that signs with `signer` in the name of `issuer`.
    ///
    /// # Errors
    /// [`KeyError`] when the key does not sign ES256.
    pub fn new(
        issuer: String,
        signer: Arc<dyn Signer>,
        pseudonym: Arc<Pseudonym>,
    ) -> Result<Self, KeyError> {
        let header = Header { alg: "ES256", typ: "muhrdor-assertion+jwt", kid: signer.key_id() };
        let head = encode(&header);
        Ok(Self { issuer, signer, pseudonym, head })
    }

    /// The assertion for the permit's service, good for [`ASSERTION_SECONDS`] from `now`.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn assert(&self, permit: &Permit, now: Timestamp) -> Result<String, KeyError> {
        let service = &permit.operation().service.id;
        let principal = permit.principal();
        let claims = Claims {
            iss: &self.issuer,
            aud: service.as_str(),
            sub: self.pseudonym.pairwise(service.as_str(), &identity(principal)),
            iat: now.unix_seconds(),
            exp: now.unix_seconds() + ASSERTION_SECONDS,
            jti: permit.visit().to_string(),
            kind: principal.kind().as_str(),
            acr: principal.rank().as_u8(),
            agency: principal.agency().map(crate::domain::name::AgencyId::as_str),
            operation: permit.operation().id.as_str(),
            purpose: permit.purpose().map(crate::domain::name::PurposeId::as_str),
            case: permit.case().map(crate::domain::name::CaseNumber::as_str),
        };
        let signed = format!("{}.{}", self.head, encode(&claims));
        let signature = self.signer.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_bytes())))
    }
}

/// What makes a principal the same one again; fed to the pairwise pseudonym only.
fn identity(principal: &Principal) -> String {
    match principal {
        Principal::Anonymous => "anonymous".to_owned(),
        Principal::Person(p) => format!("person:{}", p.person.id),
        Principal::Official(o) => format!("official:{}:{}", o.agency, o.official),
        Principal::System(s) => format!("system:{}", s.system),
    }
}

fn encode<T: Serialize>(value: &T) -> String {
    // Serialising a struct of strings and numbers to memory has no way to fail.
    let json = serde_json::to_vec(value).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(json)
}

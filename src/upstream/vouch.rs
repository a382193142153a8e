//! The signed assertion: what an e-service is told of who asks, and may believe.
//!
//! A signature costs more than all else that a small request needs, so the reads of one operation
//! by the same principal for the same reason share an assertion for a few seconds. What it says is
//! the same for each of them: all that it says is in the key it is found by. A write has one of its
//! own with a number, and so has every request of an operation that asks for it.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use serde::Serialize;
use serde_json::Value;

use crate::domain::name::{
    AgencyId, CaseNumber, OfficialId, OperationId, PurposeId, ServiceId, SystemId,
};
use crate::domain::operation::{Assertion, Effect};
use crate::domain::person::PersonId;
use crate::domain::principal::{AcrRank, Principal};
use crate::domain::remembered::Remembered;
use crate::domain::time::Timestamp;
use crate::keys::{KeyError, KeyId, Pseudonym, Rotation, RotationError, Signer};
use crate::policy::Permit;
use crate::wire::arrival::{CertificateDigest, ClientCertificate};

/// How long an assertion is good for, in seconds.
pub const ASSERTION_SECONDS: i64 = 60;

/// How long reads share an assertion, in milliseconds from its issue.
pub const SHARED_MS: i64 = 10_000;

/// How many shared assertions are kept.
const SHARED_MAX: usize = 8_192;

/// The longest certificate that an assertion holds, in bytes: it is a header field.
const CERTIFICATE_BYTES_MAX: usize = 4 * 1024;

/// The `typ` of an assertion.
pub const ASSERTION_TYPE: &str = "muhrdor-assertion+jwt";

/// Signs assertions: an ES256 JWT (RFC 7515, RFC 7519) for one service.
#[derive(Debug)]
pub struct Vouch {
    /// The `iss` claim: the portal's URL.
    issuer: String,
    keys: Rotation,
    pseudonym: Arc<Pseudonym>,
    shared: Shared,
}

/// Assertions that reads share, and when each was issued.
#[derive(Debug)]
struct Shared(Remembered<Claimed, (Timestamp, HeaderValue)>);

/// All that a shared assertion says, but its times; and by which key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Claimed {
    service: ServiceId,
    operation: OperationId,
    who: Who,
    rank: AcrRank,
    purpose: Option<PurposeId>,
    case: Option<CaseNumber>,
    certificate: Option<CertificateDigest>,
    key: KeyId,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Nobody,
    Person(PersonId),
    Official(AgencyId, OfficialId),
    System(SystemId, AgencyId),
}

/// Why no assertion was made.
#[derive(Debug, thiserror::Error)]
pub enum VouchError {
    #[error(transparent)]
    NoKey(#[from] RotationError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the client certificate is longer than {CERTIFICATE_BYTES_MAX} bytes")]
    Certificate,
    #[error("the assertion is no header value")]
    NoHeader,
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
    /// The number of the one request that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    kind: &'a str,
    acr: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<&'a str>,
    operation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<&'a str>,
    /// The client certificate as RFC 9440 §2.1 writes it, where the operation asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_cert: Option<String>,
}

impl Vouch {
    /// A voucher that signs with the ring's current key in the name of `issuer`.
    #[must_use]
    pub fn new(issuer: String, keys: Rotation, pseudonym: Arc<Pseudonym>) -> Self {
        Self {
            issuer,
            keys,
            pseudonym,
            shared: Shared::default(),
        }
    }

    /// The assertion for the permit's service, good for [`ASSERTION_SECONDS`] from `now`, or from
    /// up to [`SHARED_MS`] before where it is shared.
    ///
    /// # Errors
    /// When there is no key or it cannot sign.
    pub fn assert(
        &self,
        permit: &Permit,
        certificate: Option<&ClientCertificate>,
        now: Timestamp,
    ) -> Result<HeaderValue, VouchError> {
        let signer = self.keys.current(now)?;
        let operation = permit.operation();
        if certificate.is_some_and(|shown| shown.der().len() > CERTIFICATE_BYTES_MAX) {
            return Err(VouchError::Certificate);
        }
        let about = (permit, certificate);
        if is_for_each(&operation.effect, operation.assertion) {
            let number = Some(permit.visit().to_string());
            return self.sign(about, now, signer.as_ref(), number);
        }
        let claimed = claimed(permit, certificate, signer.key_id());
        if let Some(assertion) = self.shared.find(&claimed, now) {
            return Ok(assertion);
        }
        let assertion = self.sign(about, now, signer.as_ref(), None)?;
        self.shared.keep(claimed, now, assertion.clone());
        Ok(assertion)
    }

    fn sign(
        &self,
        (permit, certificate): (&Permit, Option<&ClientCertificate>),
        now: Timestamp,
        signer: &dyn Signer,
        jti: Option<String>,
    ) -> Result<HeaderValue, VouchError> {
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
            jti,
            kind: principal.kind().as_str(),
            acr: principal.rank().as_u8(),
            agency: principal.agency().map(AgencyId::as_str),
            operation: operation.id.as_str(),
            purpose: permit.purpose().map(PurposeId::as_str),
            case: permit.case().map(CaseNumber::as_str),
            client_cert: certificate.map(ClientCertificate::field),
        };
        let signed = format!("{}.{}", encode(&head), encode(&claims));
        let signature = signer.sign(signed.as_bytes())?;
        let signature = URL_SAFE_NO_PAD.encode(signature.as_bytes());
        HeaderValue::try_from(format!("{signed}.{signature}")).map_err(|_| VouchError::NoHeader)
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

fn is_for_each(effect: &Effect, assertion: Assertion) -> bool {
    effect.writes() || assertion == Assertion::Each
}

fn claimed(permit: &Permit, certificate: Option<&ClientCertificate>, key: &KeyId) -> Claimed {
    let operation = permit.operation();
    Claimed {
        service: operation.service.id.clone(),
        operation: operation.id.clone(),
        who: match permit.principal() {
            Principal::Anonymous => Who::Nobody,
            Principal::Person(p) => Who::Person(p.person.id),
            Principal::Official(o) => Who::Official(o.agency.clone(), o.official.clone()),
            Principal::System(s) => Who::System(s.system.clone(), s.agency.clone()),
        },
        rank: permit.principal().rank(),
        purpose: permit.purpose().cloned(),
        case: permit.case().cloned(),
        certificate: certificate.map(ClientCertificate::digest),
        key: key.clone(),
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self(Remembered::new(SHARED_MAX))
    }
}

impl Shared {
    fn find(&self, claimed: &Claimed, now: Timestamp) -> Option<HeaderValue> {
        let (issued, assertion) = self.0.find(claimed)?;
        let is_fresh = (0..SHARED_MS).contains(&now.ms_since(issued));
        is_fresh.then_some(assertion)
    }

    fn keep(&self, claimed: Claimed, issued: Timestamp, assertion: HeaderValue) {
        self.0.keep(claimed, (issued, assertion));
    }
}

fn encode<T: Serialize>(value: &T) -> String {
    // Serialising a struct of strings and numbers to memory has no way to fail.
    let json = serde_json::to_vec(value).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(json)
}

#[cfg(test)]
mod tests {
    use std::array;

    use ring::rand::SystemRandom;

    use crate::keys::{Algorithm, SoftSigner};

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_795_424_400);

    fn claimed(operation: &str) -> Claimed {
        Claimed {
            service: ServiceId::parse("a").unwrap(),
            operation: OperationId::parse(operation).unwrap(),
            who: Who::Nobody,
            rank: AcrRank::ANONYMOUS,
            purpose: None,
            case: None,
            certificate: None,
            key: key(),
        }
    }

    fn key() -> KeyId {
        let made = SoftSigner::generate(Algorithm::Es256, &SystemRandom::new()).unwrap();
        SoftSigner::from_pkcs8(&made).unwrap().key_id().clone()
    }

    fn assertion(text: &str) -> HeaderValue {
        HeaderValue::from_str(text).unwrap()
    }

    #[test]
    fn an_assertion_is_shared_from_its_issue_for_some_seconds_and_not_before() {
        let shared = Shared::default();
        let asked = claimed("a.b");
        shared.keep(asked.clone(), NOW, assertion("first"));
        assert_eq!(shared.find(&asked, NOW), Some(assertion("first")));
        let last = NOW.plus_ms(SHARED_MS - 1);
        assert_eq!(shared.find(&asked, last), Some(assertion("first")));
        assert_eq!(shared.find(&asked, NOW.plus_ms(SHARED_MS)), None);
        assert_eq!(shared.find(&asked, NOW.plus_ms(-1)), None);
    }

    #[test]
    fn whatever_an_assertion_says_tells_it_from_others() {
        let asked = claimed("a.b");
        let mut others: [Claimed; 9] = array::from_fn(|_| asked.clone());
        others[0].service = ServiceId::parse("b").unwrap();
        others[1].operation = OperationId::parse("a.c").unwrap();
        others[2].who = Who::Person(PersonId::from_bytes([1; 32]));
        others[3].rank = AcrRank::new(1).unwrap();
        others[4].purpose = Some(PurposeId::parse("own.view").unwrap());
        others[5].case = Some(CaseNumber::parse("P-1").unwrap());
        others[6].key = key();
        others[7].who = Who::System(SystemId::parse("s").unwrap(), AgencyId::parse("a").unwrap());
        others[8].certificate = Some(CertificateDigest::of(b"shown"));
        let shared = Shared::default();
        shared.keep(asked, NOW, assertion("first"));
        for other in others {
            assert_eq!(shared.find(&other, NOW), None, "{other:?}");
        }
    }

    #[test]
    fn so_many_assertions_are_kept_and_those_in_use_stay() {
        let shared = Shared::default();
        let used = claimed("used");
        shared.keep(used.clone(), NOW, assertion("used"));
        for n in 0..2 * SHARED_MAX {
            let mut other = used.clone();
            other.operation = OperationId::parse(&format!("other-{n}")).unwrap();
            shared.keep(other, NOW, assertion("other"));
            assert!(shared.find(&used, NOW).is_some(), "after {n}");
        }
        assert!(shared.0.count() <= SHARED_MAX + 1);
    }

    #[test]
    fn a_write_and_who_asks_for_it_has_an_assertion_for_each_request() {
        assert!(is_for_each(&Effect::Write, Assertion::Shared));
        assert!(is_for_each(&Effect::Read, Assertion::Each));
        assert!(!is_for_each(&Effect::Read, Assertion::Shared));
    }
}

//! Whether a certificate was revoked, as the responder of its authority says (RFC 6960).
//!
//! Asked by POST, without a nonce: answers are kept, and a kept answer has nobody's nonce.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use x509_parser::asn1_rs::FromDer;
use x509_parser::certificate::X509Certificate;

use crate::clock::Clock;
use crate::cms::element;
use crate::domain::remembered::Remembered;
use crate::domain::time::Timestamp;
use crate::egress::{Egress, EgressError};
use crate::identity::certificate::error::CertificateError;
use crate::identity::certificate::path::{answers_for, is_signed_by};
use crate::identity::certificate::reading::CertificateKey;
use crate::identity::certificate::settings::{Demand, OcspSettings};
use crate::identity::providers::{Fetched, RefreshSettings, Refreshed, Wish};
use crate::telemetry::meters;
use crate::wire::asn1::ocsp::{Answer, Responder, SHA1, Status};

/// A certificate that is asked about.
#[derive(Debug, Clone)]
pub struct Question {
    pub key: CertificateKey,
    pub serial: Vec<u8>,
    /// The certificate that issued it, DER.
    pub issuer: Vec<u8>,
}

/// What was said, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    pub status: Status,
    pub until: Timestamp,
}

/// Why an answer says nothing.
#[derive(Debug, thiserror::Error)]
pub enum OcspError {
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error("the responder's address is none that can be asked")]
    Address,
    #[error("the responder did not answer within {0} ms")]
    Late(u32),
    #[error("the responder answered with status {0}")]
    Http(StatusCode),
    #[error("it is no answer of OCSP that is understood")]
    Malformed,
    #[error("it is about another certificate")]
    OfAnother,
    #[error("who signed it may not answer for this authority")]
    Unauthorized,
    #[error("its signature is wrong")]
    Signature,
    #[error("it does not hold now")]
    NotNow,
}

/// The responder of one realm, and what it said.
#[derive(Debug)]
pub(super) struct Ocsp {
    realm: String,
    settings: OcspSettings,
    egress: Arc<Egress>,
    clock: Arc<dyn Clock>,
    answers: Remembered<CertificateKey, Arc<Refreshed<Said>>>,
}

impl Ocsp {
    pub(super) fn new(
        (realm, settings): (String, OcspSettings),
        egress: Arc<Egress>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            realm,
            settings,
            egress,
            clock,
            answers: Remembered::new(ANSWERS_MAX),
        }
    }

    /// Refuses what was revoked, and where that is demanded what is not known to be good. One asks,
    /// and others with the same question wait for what comes.
    pub(super) async fn check(&self, question: &Question) -> Result<(), CertificateError> {
        if self.settings.demand == Demand::Off {
            return Ok(());
        }
        let answer = self.answers.find_or(&question.key, || {
            Arc::new(Refreshed::new(RefreshSettings {
                refresh_ms_min: COOL_DOWN_MS,
                fresh_ms_max: self.settings.age_ms_max,
                age_ms_max: KEPT_MS_MAX,
            }))
        });
        let status = match self.said(&answer, question).await {
            Ok(Some(said)) if self.clock.now() < said.until => said.status,
            Ok(_) => Status::Unknown,
            Err(cause) => {
                meters::ocsp(&self.realm, "failed");
                tracing::warn!(
                    target: "muhrdor::certificates", realm = self.realm.as_str(), %cause,
                    "a responder of OCSP was of no use"
                );
                Status::Unknown
            }
        };
        match (status, self.settings.demand) {
            (Status::Good, _) | (Status::Unknown, Demand::Off | Demand::Soft) => Ok(()),
            (Status::Revoked, _) => Err(CertificateError::Revoked),
            (Status::Unknown, Demand::Hard) => Err(CertificateError::StatusUnknown),
        }
    }

    async fn said(
        &self,
        answer: &Refreshed<Said>,
        question: &Question,
    ) -> Result<Option<Said>, OcspError> {
        let clock = self.clock.as_ref();
        let ask = |wish| answer.obtain(wish, clock, self.ask(question));
        let said = |fetched: &Fetched<Said>| *fetched.value;
        let Some(fetched) = ask(Wish::Any).await? else {
            return Ok(None);
        };
        if clock.now() < fetched.value.until {
            return Ok(Some(said(&fetched)));
        }
        let newer = ask(Wish::After(fetched.generation)).await?;
        Ok(newer.as_ref().map(said))
    }

    async fn ask(&self, question: &Question) -> Result<Said, OcspError> {
        let responder = self.settings.responder.as_deref().unwrap_or_default();
        let written = write(question).ok_or(OcspError::Malformed)?;
        let request = Request::post(responder)
            .header(CONTENT_TYPE, "application/ocsp-request")
            .body(Bytes::from(written));
        let request = request.map_err(|_| OcspError::Address)?;
        let bound = Duration::from_millis(u64::from(self.settings.ms_max));
        let answer = tokio::time::timeout(bound, self.egress.send(request)).await;
        let answer = answer.map_err(|_| OcspError::Late(self.settings.ms_max))??;
        if answer.status() != StatusCode::OK {
            return Err(OcspError::Http(answer.status()));
        }
        let said = judge(answer.body(), question, self.clock.now())?;
        let outcome = match said.status {
            Status::Good => "good",
            Status::Revoked => "revoked",
            Status::Unknown => "unknown",
        };
        meters::ocsp(&self.realm, outcome);
        Ok(said)
    }
}

/// What an answer says about a certificate, when it may say so.
///
/// # Errors
/// [`OcspError`].
pub fn judge(bytes: &[u8], question: &Question, now: Timestamp) -> Result<Said, OcspError> {
    if bytes.len() > ANSWER_BYTES_MAX {
        return Err(OcspError::Malformed);
    }
    let answer = Answer::read(bytes).ok_or(OcspError::Malformed)?;
    let (_, issuer) =
        X509Certificate::from_der(&question.issuer).map_err(|_| OcspError::Malformed)?;
    let key: &[u8] = &issuer.public_key().subject_public_key.data;
    let name = issuer.subject().as_raw();
    let is_meant = |single: &&_| {
        let single: &&crate::wire::asn1::ocsp::Single<'_> = single;
        single.id.is_of(name, Some(key), &question.serial)
    };
    let mut about = answer.singles.iter().filter(is_meant);
    let (Some(single), None) = (about.next(), about.next()) else {
        return Err(OcspError::OfAnother);
    };
    let signer = signer(&answer, &question.issuer, now).ok_or(OcspError::Unauthorized)?;
    if !is_signed_by(signer, answer.algorithm, answer.signed, answer.signature) {
        return Err(OcspError::Signature);
    }
    // Without an end there is always something newer (RFC 6960 §4.2.2.1).
    let endless = single.from.plus_ms(ENDLESS_MS_MAX);
    let until = single
        .until
        .unwrap_or(endless)
        .min(now.plus_ms(i64::from(KEPT_MS_MAX)));
    if now.plus_ms(SKEW_MS_MAX) < single.from || until <= now {
        return Err(OcspError::NotNow);
    }
    Ok(Said {
        status: single.status,
        until,
    })
}

/// The certificate of the one who is named as the signer: the authority's own, or one that the
/// authority itself gave this right.
fn signer<'a>(answer: &Answer<'a>, issuer: &'a [u8], now: Timestamp) -> Option<&'a [u8]> {
    let is_named = |der: &[u8]| {
        let Ok((_, read)) = X509Certificate::from_der(der) else {
            return false;
        };
        match answer.responder {
            Responder::Name(name) => read.subject().as_raw() == name,
            Responder::Key(key) => {
                let own: &[u8] = &read.public_key().subject_public_key.data;
                digest(&SHA1_FOR_LEGACY_USE_ONLY, own).as_ref() == key
            }
        }
    };
    if is_named(issuer) {
        return Some(issuer);
    }
    let mut sent = answer.certificates.iter().copied();
    sent.find(|der| is_named(der) && answers_for(issuer, der, now))
}

/// `OCSPRequest` (RFC 6960 §4.1.1) about one certificate.
fn write(question: &Question) -> Option<Vec<u8>> {
    let (_, issuer) = X509Certificate::from_der(&question.issuer).ok()?;
    let sum = |bytes: &[u8]| {
        let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes);
        element(0x04, &[sum.as_ref()])
    };
    let algorithm = element(0x30, &[&element(0x06, &[SHA1]), &[5, 0]]);
    let id = [
        algorithm,
        sum(issuer.subject().as_raw()),
        sum(&issuer.public_key().subject_public_key.data),
        element(0x02, &[&question.serial]),
    ];
    let id = element(0x30, &[&id.concat()]);
    // Request, the list of them, the request that could be signed, all of it.
    Some((0..4).fold(id, |inner, _| element(0x30, &[&inner])))
}

/// Answers that are kept for one realm.
const ANSWERS_MAX: usize = 10_000;
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 32 * 1024;
/// How soon a responder that was of no use is asked again about the same, in milliseconds.
const COOL_DOWN_MS: u32 = 5_000;
/// The longest that an answer is kept, in milliseconds.
const KEPT_MS_MAX: u32 = 24 * 60 * 60 * 1000;
/// How long an answer without an end holds, in milliseconds.
const ENDLESS_MS_MAX: i64 = 300_000;
/// How far the responder's clock may be before ours, in milliseconds.
const SKEW_MS_MAX: i64 = 60_000;

//! Whether a certificate leads to an authority, and whether nothing on the way was revoked; by the
//! library that the handshake uses too.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{
    CertRevocationList, EndEntityCert, Error, ExpirationPolicy, KeyUsage, RevocationCheckDepth,
    RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath, anchor_from_trusted_cert,
};
use x509_parser::asn1_rs::FromDer;
use x509_parser::certificate::X509Certificate;

use crate::domain::time::Timestamp;
use crate::identity::certificate::error::CertificateError;
use crate::identity::certificate::list::List;
use crate::identity::certificate::settings::Demand;

/// Authorities, as paths are judged by them.
#[derive(Debug)]
pub(super) struct Trust {
    authorities: Vec<CertificateDer<'static>>,
    anchors: Vec<TrustAnchor<'static>>,
    between: Vec<CertificateDer<'static>>,
}

/// A certificate that cannot be an authority's.
#[derive(Debug, thiserror::Error)]
#[error("it holds a certificate that cannot be an authority")]
pub struct TrustError;

/// A way from a leaf to an authority.
pub(super) struct Way {
    /// The certificate that issued the leaf, DER.
    pub(super) issuer: Vec<u8>,
    /// When the first certificate of it runs out.
    pub(super) until: Timestamp,
}

impl Trust {
    pub(super) fn new(
        authorities: Vec<CertificateDer<'static>>,
        between: Vec<CertificateDer<'static>>,
    ) -> Result<Self, TrustError> {
        let anchors = authorities.iter();
        let anchors = anchors
            .map(|der| anchor_from_trusted_cert(der).map(|anchor| anchor.to_owned()))
            .collect::<Result<_, _>>()
            .map_err(|_| TrustError)?;
        Ok(Self {
            authorities,
            anchors,
            between,
        })
    }

    /// Those who may sign lists.
    pub(super) fn issuers(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        self.authorities.iter().chain(&self.between)
    }

    /// The way from the leaf, with what was shown beside it, to one of these authorities. `None`
    /// when there is none at this moment for a client.
    pub(super) fn way<'c>(
        &self,
        leaf: &[u8],
        shown: impl Iterator<Item = &'c [u8]>,
        now: Timestamp,
    ) -> Option<Way> {
        let between = self.between(shown);
        let leaf = CertificateDer::from(leaf);
        let entity = EndEntityCert::try_from(&leaf).ok()?;
        let path = entity.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &self.anchors,
            &between,
            moment(now)?,
            KeyUsage::client_auth(),
            None,
            None,
        );
        self.along(&path.ok()?)
    }

    /// Whether one of the way was revoked, as these lists say. The newest list goes first: of two
    /// that are about a certificate the library takes the first.
    pub(super) fn check<'c>(
        &self,
        leaf: &[u8],
        shown: impl Iterator<Item = &'c [u8]>,
        (lists, demand): (&[Arc<List>], Demand),
        now: Timestamp,
    ) -> Result<(), CertificateError> {
        let unknown = match demand {
            Demand::Off => return Ok(()),
            Demand::Soft => Ok(()),
            Demand::Hard => Err(CertificateError::StatusUnknown),
        };
        let lists: Vec<&CertRevocationList<'static>> = lists.iter().map(|l| l.content()).collect();
        let Ok(options) = RevocationOptionsBuilder::new(&lists) else {
            return unknown;
        };
        let (status, expiration) = match demand {
            Demand::Off | Demand::Soft => (UnknownStatusPolicy::Allow, ExpirationPolicy::Ignore),
            Demand::Hard => (UnknownStatusPolicy::Deny, ExpirationPolicy::Enforce),
        };
        let options = options
            .with_depth(RevocationCheckDepth::Chain)
            .with_status_policy(status)
            .with_expiration_policy(expiration)
            .build();
        let between = self.between(shown);
        let leaf = CertificateDer::from(leaf);
        let untrusted = CertificateError::Untrusted;
        let entity = EndEntityCert::try_from(&leaf).map_err(|_| untrusted)?;
        let path = entity.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &self.anchors,
            &between,
            moment(now).ok_or(untrusted)?,
            KeyUsage::client_auth(),
            Some(options),
            None,
        );
        match path {
            Ok(_) => Ok(()),
            Err(Error::CertRevoked) => Err(CertificateError::Revoked),
            // A way without lists was found before: so it is the lists that do not do.
            Err(_) => Err(CertificateError::StatusUnknown),
        }
    }

    fn between<'c>(&self, shown: impl Iterator<Item = &'c [u8]>) -> Vec<CertificateDer<'c>> {
        let own = self.between.iter().cloned();
        let shown = shown.take(BETWEEN_MAX).map(CertificateDer::from);
        shown.chain(own).collect()
    }

    fn along(&self, path: &VerifiedPath<'_>) -> Option<Way> {
        let ends = |der: &[u8]| {
            let (_, read) = X509Certificate::from_der(der).ok()?;
            let end = read.validity().not_after.timestamp();
            Some(Timestamp::from_unix_seconds(end))
        };
        let mut until = ends(&path.end_entity().der())?;
        let mut issuer = None;
        for certificate in path.intermediate_certificates() {
            let der = certificate.der();
            until = until.min(ends(&der)?);
            issuer.get_or_insert_with(|| der.to_vec());
        }
        // An authority of ours is one as long as it is written down: its own end is nobody's.
        let is_end = |der: &&CertificateDer<'static>| {
            anchor_from_trusted_cert(der).is_ok_and(|anchor| anchor == *path.anchor())
        };
        let issuer = match issuer {
            Some(issuer) => issuer,
            None => self.authorities.iter().find(is_end)?.to_vec(),
        };
        Some(Way { issuer, until })
    }
}

/// Whether these bytes were signed with the key of this certificate, by an algorithm with this
/// identifier (without tag and length).
pub(super) fn is_signed_by(
    certificate: &[u8],
    algorithm: &[u8],
    signed: &[u8],
    signature: &[u8],
) -> bool {
    let der = CertificateDer::from(certificate);
    let Ok(signer) = EndEntityCert::try_from(&der) else {
        return false;
    };
    let known = webpki::ALL_VERIFICATION_ALGS.iter();
    let mut fitting = known.filter(|known| known.signature_alg_id().as_ref() == algorithm);
    fitting.any(|known| signer.verify_signature(*known, signed, signature).is_ok())
}

/// Whether `certificate` was issued by `issuer` itself, holds now, and may answer for it about
/// revoked certificates (RFC 6960 §4.2.2.2).
pub(super) fn answers_for(issuer: &[u8], certificate: &[u8], now: Timestamp) -> bool {
    let (issuer, certificate) = (
        CertificateDer::from(issuer),
        CertificateDer::from(certificate),
    );
    let (Ok(anchor), Ok(entity), Some(moment)) = (
        anchor_from_trusted_cert(&issuer),
        EndEntityCert::try_from(&certificate),
        moment(now),
    ) else {
        return false;
    };
    let anchors = [anchor];
    let path = entity.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &anchors,
        &[],
        moment,
        KeyUsage::required(OCSP_SIGNING),
        None,
        None,
    );
    path.is_ok()
}

fn moment(now: Timestamp) -> Option<UnixTime> {
    let seconds = u64::try_from(now.unix_seconds()).ok()?;
    Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

/// Certificates that are looked at beside the leaf, of those a client shows.
const BETWEEN_MAX: usize = 8;
/// `id-kp-OCSPSigning`, 1.3.6.1.5.5.7.3.9.
const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];

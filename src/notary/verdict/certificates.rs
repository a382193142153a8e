//! Whether a certificate leads to an anchor (RFC 5280 §6), by every certificate that came with it;
//! and whom it names.

use std::time::Duration;

use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::cms::Certificate;
use crate::domain::name::AgencyId;
use crate::domain::time::Timestamp;

/// What a certificate must be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Seal,
    Stamp,
}

/// Why a certificate is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathError {
    /// No anchor of ours stands behind it, or not at that moment, or not for that.
    Untrusted,
    /// A certificate came along that nobody needs: nothing binds its bytes.
    Unused,
}

/// Checks that `signer` was good at the moment for the purpose, by `others` and the anchors.
pub(super) fn check(
    signer: &Certificate,
    others: &[Certificate],
    anchors: &[Certificate],
    purpose: Purpose,
    moment: Timestamp,
) -> Result<(), PathError> {
    let untrusted = PathError::Untrusted;
    let ders: Vec<CertificateDer<'_>> = anchors
        .iter()
        .map(|a| CertificateDer::from(a.der()))
        .collect();
    let anchors: Vec<TrustAnchor<'_>> = ders
        .iter()
        .filter_map(|der| anchor_from_trusted_cert(der).ok())
        .collect();
    let between: Vec<CertificateDer<'_>> = others
        .iter()
        .filter(|other| other.der() != signer.der())
        .map(|other| CertificateDer::from(other.der()))
        .collect();
    let own = CertificateDer::from(signer.der());
    let own = EndEntityCert::try_from(&own).map_err(|_| untrusted)?;
    let seconds = u64::try_from(moment.unix_seconds()).map_err(|_| untrusted)?;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let usage = match purpose {
        Purpose::Seal => KeyUsage::required_if_present(DOCUMENT_SIGNING),
        Purpose::Stamp => KeyUsage::required(TIME_STAMPING),
    };
    let path = own.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &anchors,
        &between,
        at,
        usage,
        None,
        None,
    );
    let path = path.map_err(|_| untrusted)?;
    let used = path.intermediate_certificates().count();
    // Two copies of one certificate are one in the path: then one of them is not needed.
    if used != between.len() {
        return Err(PathError::Unused);
    }
    Ok(())
}

/// The subject, as one line of text. Text, whatever it says: who shows it escapes it.
pub(super) fn subject_of(certificate: &Certificate) -> String {
    let read = X509Certificate::from_der(certificate.der());
    let subject = read.map(|(_, read)| read.subject().to_string());
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = subject.unwrap_or_default().chars().map(plain).collect();
    text.chars().take(CHARACTERS_MAX).collect()
}

/// The body whose seal it is: the organization identifier (ETSI EN 319 412-1 §5.1.4).
pub(super) fn agency_of(certificate: &Certificate) -> Option<AgencyId> {
    let (_, read) = X509Certificate::from_der(certificate.der()).ok()?;
    let mut found = read
        .subject()
        .iter_attributes()
        .filter(|attribute| attribute.attr_type().to_id_string() == ORGANIZATION_IDENTIFIER);
    let agency = AgencyId::parse(found.next()?.as_str().ok()?).ok()?;
    found.next().is_none().then_some(agency)
}

/// `id-kp-documentSigning` (RFC 9336 §3.1).
const DOCUMENT_SIGNING: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x24";
/// `id-kp-timeStamping` (RFC 5280 §4.2.1.12).
const TIME_STAMPING: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x08";
const ORGANIZATION_IDENTIFIER: &str = "2.5.4.97";
const CHARACTERS_MAX: usize = 400;

//! Client certificates that nobody may take: made on the spot, or somebody else's.

use std::fmt;
use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::sign::any_ecdsa_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SigningKey};

use crate::cms::element;

/// Which one is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Signed by itself.
    Unknown,
    /// Its issuer bears the name of an authority that the server asked for.
    Namesake,
    Expired,
    /// What the server showed itself.
    Servers,
}

/// Somebody with a key of their own and a certificate that does not hold.
pub(super) struct Stranger {
    shown: Shown,
    servers: Vec<CertificateDer<'static>>,
    /// For what it issues itself.
    issuing: EcdsaKeyPair,
    key: Arc<dyn SigningKey>,
    random: SystemRandom,
}

impl Stranger {
    /// `servers` is the chain that the server shows.
    ///
    /// # Errors
    /// When no key can be made.
    pub(super) fn new(shown: Shown, servers: &[CertificateDer<'static>]) -> Result<Self, String> {
        let random = SystemRandom::new();
        let no_key = |cause: &dyn fmt::Display| format!("no key can be made: {cause}");
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|e| no_key(&e))?;
        let issuing = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random);
        let private = PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec());
        let key = any_ecdsa_type(&PrivateKeyDer::Pkcs8(private)).map_err(|e| no_key(&e))?;
        Ok(Self {
            shown,
            servers: servers.to_vec(),
            issuing: issuing.map_err(|e| no_key(&e))?,
            key,
            random,
        })
    }

    /// X.509 v3 (RFC 5280 §4.1), by hand: no library would write what is wanted here.
    fn certificate(&self, authorities: &[&[u8]]) -> Option<Vec<u8>> {
        let subject = name(b"muhrdor selftest");
        let issuer = match (self.shown, authorities.first()) {
            (Shown::Namesake, Some(authority)) => authority.to_vec(),
            _ => subject.clone(),
        };
        let until: &[u8] = match self.shown {
            Shown::Expired => b"200102000000Z",
            Shown::Unknown | Shown::Namesake | Shown::Servers => b"491231235959Z",
        };
        let mut serial = [0; 8];
        self.random.fill(&mut serial).ok()?;
        // Positive, and of eight bytes.
        serial
            .first_mut()
            .map(|first| *first = (*first & 0x3f) | 0x40)?;
        let algorithm = element(SEQUENCE, &[ECDSA_WITH_SHA256]);
        let validity = [
            element(UTC_TIME, &[b"200101000000Z"]),
            element(UTC_TIME, &[until]),
        ];
        let point = self.issuing.public_key().as_ref();
        let public = [
            element(SEQUENCE, &[EC_PUBLIC_KEY, PRIME256V1]),
            element(BIT_STRING, &[&[0], point]),
        ];
        let for_clients = element(SEQUENCE, &[CLIENT_AUTH]);
        let usage = [EXTENDED_KEY_USAGE, &element(OCTET_STRING, &[&for_clients])].concat();
        let extensions = element(SEQUENCE, &[&element(SEQUENCE, &[&usage])]);
        let content = element(
            SEQUENCE,
            &[
                &element(0xa0, &[&element(INTEGER, &[&[2]])]),
                &element(INTEGER, &[&serial]),
                &algorithm,
                &issuer,
                &element(SEQUENCE, &[&validity.concat()]),
                &subject,
                &element(SEQUENCE, &[&public.concat()]),
                &element(0xa3, &[&extensions]),
            ],
        );
        let signature = self.issuing.sign(&self.random, &content).ok()?;
        let signature = element(BIT_STRING, &[&[0], signature.as_ref()]);
        Some(element(SEQUENCE, &[&content, &algorithm, &signature]))
    }
}

impl ResolvesClientCert for Stranger {
    fn resolve(&self, authorities: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let chain = match self.shown {
            Shown::Servers => self.servers.clone(),
            Shown::Unknown | Shown::Namesake | Shown::Expired => {
                vec![CertificateDer::from(self.certificate(authorities)?)]
            }
        };
        Some(Arc::new(CertifiedKey::new(chain, Arc::clone(&self.key))))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stranger({:?})", self.shown)
    }
}

/// A name of one part, the common name.
fn name(common: &[u8]) -> Vec<u8> {
    let part = element(SEQUENCE, &[COMMON_NAME, &element(UTF8_STRING, &[common])]);
    element(SEQUENCE, &[&element(SET, &[&part])])
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const COMMON_NAME: &[u8] = b"\x06\x03\x55\x04\x03";
const EXTENDED_KEY_USAGE: &[u8] = b"\x06\x03\x55\x1d\x25";
const CLIENT_AUTH: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02";
const EC_PUBLIC_KEY: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
const PRIME256V1: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const ECDSA_WITH_SHA256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";

#[cfg(test)]
mod tests {
    use x509_parser::prelude::{FromDer, X509Certificate};

    use super::*;

    #[test]
    fn a_stranger_issues_what_reads_and_is_signed_by_itself() {
        let authority = name(b"an authority");
        for (shown, issuer, valid) in [
            (Shown::Unknown, "CN=muhrdor selftest", true),
            (Shown::Namesake, "CN=an authority", true),
            (Shown::Expired, "CN=muhrdor selftest", false),
        ] {
            let stranger = Stranger::new(shown, &[]).unwrap();
            let made = stranger.certificate(&[&authority]).unwrap();
            let (rest, read) = X509Certificate::from_der(&made).unwrap();
            assert!(rest.is_empty());
            assert_eq!(read.issuer().to_string(), issuer);
            assert_eq!(read.subject().to_string(), "CN=muhrdor selftest");
            assert!(
                read.extended_key_usage()
                    .unwrap()
                    .unwrap()
                    .value
                    .client_auth
            );
            assert_eq!(read.validity().not_after.timestamp() > 2_000_000_000, valid);
            let point = &read.public_key().subject_public_key.data;
            let verifies = ring::signature::UnparsedPublicKey::new(
                &ring::signature::ECDSA_P256_SHA256_ASN1,
                point,
            );
            let signed = read.tbs_certificate.as_ref();
            verifies.verify(signed, &read.signature_value.data).unwrap();
        }
    }
}

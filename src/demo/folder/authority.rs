//! The demo's authority for documents: it vouches for the seals of the bodies and for the stamps of
//! the time, and for nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension, DnType,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, SerialNumber,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use crate::demo::error::DemoError;
use crate::demo::folder::{DAY_MS, Folder, moment, write_private};
use crate::domain::time::Timestamp;
use crate::keys::{certificate_pem, revoked_pem};

/// Bodies that seal in the demo, and what their certificates call them.
const BODIES: [(&str, &str); 2] = [
    ("civil-registry", "Civil registry (demo)"),
    ("pension-fund", "Pension Fund (demo)"),
];

impl Folder {
    /// Makes the authority, its certificates and its list of revoked ones, where they are not there
    /// yet. The keys that are certified must be in the key folder already.
    ///
    /// # Errors
    /// When a key is missing or a file cannot be written.
    pub fn make_document_certificates(&self, now: Timestamp) -> Result<(), DemoError> {
        if self.documents().join("tsa.pem").exists() {
            return Ok(());
        }
        let made = certify(&self.0.join("keys"), now)?;
        for (name, pem) in made {
            write_private(&self.documents().join(name), pem.as_bytes())?;
        }
        Ok(())
    }

    /// Where the certificates of seals and time-stamps are.
    #[must_use]
    pub fn documents(&self) -> PathBuf {
        self.0.join("documents")
    }
}

fn certify(keys: &Path, now: Timestamp) -> Result<Vec<(String, String)>, DemoError> {
    let failed = |cause: rcgen::Error| DemoError::Key(cause.to_string());
    let (from, until) = (moment(now.plus_ms(-DAY_MS)), moment(now.plus_ms(GOOD_MS)));
    let mut authority = CertificateParams::default();
    named(&mut authority, "Muhrdor demo documents (throw-away)", None);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (authority.not_before, authority.not_after) = (from, until);
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = authority.self_signed(&key).map_err(failed)?;
    let issuer = Issuer::new(authority, key);
    let mut made = vec![("ca.pem".to_owned(), certificate_pem(certificate.der()))];

    for (agency, name) in BODIES {
        let mut seal = CertificateParams::default();
        named(&mut seal, name, Some(agency));
        seal.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::ContentCommitment,
        ];
        seal.use_authority_key_identifier_extension = true;
        (seal.not_before, seal.not_after) = (from, until);
        let key = kept(keys, &format!("seal-{agency}"))?;
        let certificate = seal.signed_by(&key, &issuer).map_err(failed)?;
        let pem = certificate_pem(certificate.der());
        made.push((format!("seal-{agency}.pem"), pem));
    }
    let mut stamps = CertificateParams::default();
    named(&mut stamps, "Muhrdor demo time-stamps", None);
    stamps.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    stamps.use_authority_key_identifier_extension = true;
    let mut only = CustomExtension::from_oid_content(EXTENDED_KEY_USAGE, TIME_STAMPING.to_vec());
    only.set_criticality(true);
    stamps.custom_extensions = vec![only];
    (stamps.not_before, stamps.not_after) = (from, until);
    let certificate = stamps.signed_by(&kept(keys, "tsa")?, &issuer);
    let pem = certificate_pem(certificate.map_err(failed)?.der());
    made.push(("tsa.pem".to_owned(), pem));
    let revoked = CertificateRevocationListParams {
        this_update: from,
        next_update: until,
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = revoked.signed_by(&issuer).map_err(failed)?;
    made.push(("ca.crl".to_owned(), revoked_pem(list.der())));
    // The last is what the others are looked for by.
    made.sort_by_key(|(name, _)| name == "tsa.pem");
    Ok(made)
}

/// A subject of the demo; a body's has its name of the vocabulary as organization identifier
/// (ETSI EN 319 412-1 §5.1.4), by which a seal is told to be that body's.
fn named(certificate: &mut CertificateParams, name: &str, agency: Option<&str>) {
    let subject = &mut certificate.distinguished_name;
    subject.push(DnType::CountryName, "UZ");
    subject.push(DnType::OrganizationName, "Muhrdor demo");
    if let Some(agency) = agency {
        subject.push(
            DnType::CustomDnType(ORGANIZATION_IDENTIFIER.to_vec()),
            agency,
        );
    }
    subject.push(DnType::CommonName, name);
}

/// The key of this name, of which there is one in a demo.
fn kept(keys: &Path, name: &str) -> Result<KeyPair, DemoError> {
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|source| DemoError::Read {
            path: path.to_owned(),
            source,
        })
    };
    let listed = fs::read_dir(keys).map_err(|source| DemoError::Read {
        path: keys.to_owned(),
        source,
    })?;
    let begins = format!("{name}.");
    let mut found = listed.filter_map(Result::ok).map(|entry| entry.path());
    let found = found.find(|path| {
        let file = path.file_name().and_then(|file| file.to_str());
        file.is_some_and(|file| file.starts_with(&begins))
    });
    let path = found.ok_or_else(|| DemoError::Key(format!("there is no key `{name}`")))?;
    let key = PrivateKeyDer::from_pem_slice(read(&path)?.as_bytes());
    let key = key.map_err(|cause| DemoError::Key(cause.to_string()))?;
    KeyPair::try_from(&key).map_err(|cause| DemoError::Key(cause.to_string()))
}

const ORGANIZATION_IDENTIFIER: [u64; 4] = [2, 5, 4, 97];
const EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37];
/// `SEQUENCE { id-kp-timeStamping }` (RFC 3161 §2.3).
const TIME_STAMPING: &[u8] = b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x08";
/// Documents of the demo are good for as long as anyone tries it.
const GOOD_MS: i64 = 3650 * DAY_MS;

//! The demo's data folder: throw-away keys, certificate, secrets.

mod authority;
mod clients;

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use ring::rand::SecureRandom;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use zeroize::Zeroizing;

use crate::demo::error::DemoError;
use crate::demo::people::SYSTEMS;
use crate::domain::time::Timestamp;
use crate::keys::{certificate_pem, private_key_pem};

pub use clients::SystemCertificate;

/// The folder and where things are in it. Knowing a place does not make it.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    #[must_use]
    pub const fn new(root: PathBuf) -> Self {
        Self(root)
    }

    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The certificate to trust, PEM.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.0.join("tls/ca.pem")
    }

    /// The server's certificate chain, PEM.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.0.join("tls/server.pem")
    }

    #[must_use]
    pub fn certificate_key(&self) -> PathBuf {
        self.0.join("tls/server.key")
    }

    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.0.join("secrets")
    }

    /// What the walk received.
    #[must_use]
    pub fn walk(&self) -> PathBuf {
        self.0.join("walk")
    }

    /// The secret kept under this name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn secret(&self, name: &str) -> Result<String, DemoError> {
        let path = self.secrets().join(name);
        let text = fs::read_to_string(&path).map_err(|source| DemoError::Read { path, source })?;
        Ok(text.trim().to_owned())
    }

    /// Makes the secrets that the parts and the gateway share, where they are not there yet: 32
    /// random bytes each, base64url.
    ///
    /// # Errors
    /// When one cannot be written or there is no randomness.
    pub fn make_secrets(&self, random: &dyn SecureRandom) -> Result<(), DemoError> {
        let systems = SYSTEMS.iter().map(|system| client_secret(system.client_id));
        let others = [PORTAL_SECRET, FACTS_SECRET, CLERK_SECRET].map(str::to_owned);
        for name in systems.chain(others) {
            let path = self.secrets().join(name);
            if path.exists() {
                continue;
            }
            let mut bytes = [0_u8; 32];
            random
                .fill(&mut bytes)
                .map_err(|_| DemoError::Key("no randomness".to_owned()))?;
            write_private(&path, URL_SAFE_NO_PAD.encode(bytes).as_bytes())?;
        }
        Ok(())
    }

    /// Makes the folder and its sub-folders, open to their owner only.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn make(&self) -> Result<(), DemoError> {
        for sub in ["tls", "secrets", "walk", "store", "lock", "documents"] {
            let path = self.0.join(sub);
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .map_err(|source| DemoError::Write { path, source })?;
        }
        Ok(())
    }

    /// Makes an authority and a server certificate of it, and those of systems, unless those of an earlier run are still
    /// good for a day. The authorities' keys are dropped at once: they sign nothing else, ever.
    ///
    /// # Errors
    /// When a file cannot be written or a key cannot be made.
    pub fn make_certificate(&self, now: Timestamp) -> Result<(), DemoError> {
        let needed = [
            self.certificate_key(),
            self.authority(),
            self.revoked_systems(),
        ];
        let kept = needed.iter().all(|path| path.exists());
        if kept && good_until(&self.certificate()).is_some_and(|end| now.plus_ms(DAY_MS) < end) {
            return Ok(());
        }
        let made = certify(now).map_err(|cause| DemoError::Key(cause.to_string()))?;
        write_private(&self.certificate_key(), made.key.as_bytes())?;
        write_private(&self.certificate(), made.certificate.as_bytes())?;
        write_private(&self.authority(), made.authority.as_bytes())?;
        self.make_systems(now)
    }
}

/// Writes a file that only its owner may read; replaces what stood there.
///
/// # Errors
/// [`DemoError::Write`].
pub(in crate::demo) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), DemoError> {
    let failed = |source| DemoError::Write {
        path: path.to_owned(),
        source,
    };
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    file.write_all(bytes).map_err(failed)
}

/// Name of the secret of a system's client.
pub(in crate::demo) fn client_secret(client_id: &str) -> String {
    format!("{client_id}.client")
}

struct Certified {
    authority: String,
    certificate: String,
    key: Zeroizing<String>,
}

/// An authority that may vouch for this machine's loopback only (RFC 5280 §4.2.1.10), so that
/// someone who trusts it in a browser opens no other door; and a server certificate of it.
fn certify(now: Timestamp) -> Result<Certified, rcgen::Error> {
    let (from, until) = (moment(now.plus_ms(-DAY_MS)), moment(now.plus_ms(GOOD_MS)));
    let mut authority = CertificateParams::new(Vec::new())?;
    authority
        .distinguished_name
        .push(DnType::CommonName, "Muhrdor demo (throw-away)");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".to_owned()),
            GeneralSubtree::IpAddress(rcgen::CidrSubnet::from_v4_prefix([127, 0, 0, 1], 32)),
            GeneralSubtree::IpAddress(rcgen::CidrSubnet::from_v6_prefix(
                Ipv6Addr::LOCALHOST.octets(),
                128,
            )),
        ],
        excluded_subtrees: Vec::new(),
    });
    authority.not_before = from;
    authority.not_after = until;
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;

    let names = ["localhost", "m2m.localhost"].map(str::to_owned);
    let mut server = CertificateParams::new(names)?;
    server
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    server
        .subject_alt_names
        .push(SanType::IpAddress(Ipv4Addr::LOCALHOST.into()));
    server
        .subject_alt_names
        .push(SanType::IpAddress(Ipv6Addr::LOCALHOST.into()));
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    server.not_before = from;
    server.not_after = until;
    let key = KeyPair::generate()?;
    let issuer = Issuer::new(authority, authority_key);
    let certificate = server.signed_by(&key, &issuer)?;
    Ok(Certified {
        authority: certificate_pem(authority_certificate.der()),
        certificate: certificate_pem(certificate.der()),
        key: private_key_pem(key.serialized_der()),
    })
}

/// When the certificate runs out, where there is one.
fn good_until(path: &Path) -> Option<Timestamp> {
    let der = CertificateDer::from_pem_file(path).ok()?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    Some(Timestamp::from_unix_seconds(
        certificate.validity().not_after.timestamp(),
    ))
}

fn moment(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.unix_seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The secret with which the portal asks the sign-in server for tokens.
pub(in crate::demo) const PORTAL_SECRET: &str = "portal.client";
/// The secret with which the gateway asks the body's system.
pub(in crate::demo) const FACTS_SECRET: &str = "facts.token";
/// The secret with which a clerk's program speaks to the body's system.
pub(in crate::demo) const CLERK_SECRET: &str = "clerk.token";

const DAY_MS: i64 = 86_400_000;
const GOOD_MS: i64 = 90 * DAY_MS;

//! The certificate that a host shows, with its staple for as long as that holds; and what is wrong
//! with a certificate for a host.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use crate::clock::Clock;
use crate::domain::time::Timestamp;
use crate::wire::host::{Host, HostPattern};

use super::staple::Staple;
use super::{HostFiles, TlsError, files};

/// One host's certificate.
#[derive(Debug)]
pub(super) struct Shown {
    plain: Arc<CertifiedKey>,
    stapled: Option<Stapled>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Stapled {
    key: Arc<CertifiedKey>,
    until: Timestamp,
    /// Its end was told once.
    told: AtomicBool,
}

impl Shown {
    /// Reads certificate, key and staple.
    pub(super) fn read(
        files: &HostFiles,
        provider: &CryptoProvider,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, TlsError> {
        let plain = files::pair(files, provider)?;
        let stapled = match &files.staple {
            None => None,
            Some(path) => Some(staple(path, &plain, clock.now())?),
        };
        Ok(Self {
            plain: Arc::new(plain),
            stapled,
            clock: Arc::clone(clock),
        })
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let Some(stapled) = &self.stapled else {
            return Some(Arc::clone(&self.plain));
        };
        if self.clock.now() < stapled.until {
            return Some(Arc::clone(&stapled.key));
        }
        if !stapled.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "muhrdor::tls",
                until = %stapled.until,
                "a staple has run out and is no longer shown; renew its file and reload"
            );
        }
        Some(Arc::clone(&self.plain))
    }
}

fn staple(path: &Path, plain: &CertifiedKey, now: Timestamp) -> Result<Stapled, TlsError> {
    let refused = |source| TlsError::Staple {
        path: path.to_owned(),
        source,
    };
    let bytes = fs::read(path).map_err(|cause| refused(cause.into()))?;
    let staple = Staple::read(&bytes, &plain.cert, now).map_err(refused)?;
    let mut key = plain.clone();
    key.ocsp = Some(bytes);
    Ok(Stapled {
        key: Arc::new(key),
        until: staple.until,
        told: AtomicBool::new(false),
    })
}

/// What a client would hold against this file's certificate at this host: a line each.
///
/// # Errors
/// When the file cannot be read as certificates.
pub fn weaknesses(
    path: &Path,
    pattern: &HostPattern,
    now: Timestamp,
) -> Result<Vec<String>, TlsError> {
    let chain = files::certificates(path)?;
    let shown = path.display();
    let leaf = chain.first().and_then(read);
    let Some(leaf) = leaf else {
        return Ok(vec![format!("`{shown}` holds no certificate that reads")]);
    };
    let mut found = Vec::new();
    let validity = leaf.validity();
    if validity.not_after.timestamp() <= now.unix_seconds() {
        found.push(format!("the certificate `{shown}` has expired"));
    }
    if validity.not_before.timestamp() > now.unix_seconds() {
        found.push(format!("the certificate `{shown}` is not valid yet"));
    }
    if !covers(&leaf, pattern) {
        found.push(format!(
            "the certificate `{shown}` does not cover `{pattern}`"
        ));
    }
    Ok(found)
}

fn read<'d>(der: &'d CertificateDer<'_>) -> Option<X509Certificate<'d>> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(certificate)
}

/// Whether one of its names is the host's (RFC 9525 §6.3): a wildcard stands for one label.
fn covers(leaf: &X509Certificate<'_>, pattern: &HostPattern) -> bool {
    let names = leaf.subject_alternative_name().ok().flatten();
    let names = names.map(|extension| extension.value.general_names.as_slice());
    let is_covered = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => HostPattern::parse(name).is_ok_and(|name| {
            name == *pattern || pattern.exact().is_some_and(|host| name.matches(host))
        }),
        GeneralName::IPAddress(bytes) => {
            pattern.exact().is_some_and(|host| is_address(host, bytes))
        }
        _ => false,
    };
    names.unwrap_or_default().iter().any(is_covered)
}

fn is_address(host: &Host, bytes: &[u8]) -> bool {
    let text = host.as_str().trim_start_matches('[').trim_end_matches(']');
    match text.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(address)) => address.octets() == bytes,
        Ok(std::net::IpAddr::V6(address)) => address.octets() == bytes,
        Err(_) => false,
    }
}

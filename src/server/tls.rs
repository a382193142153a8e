//! TLS: what we show, what we ask for, and how both are changed while running.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, version};

use crate::clock::{Clock, TlsTime};

/// What a listener shows and asks for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The first is also shown to clients that name none of the hosts.
    pub certificates: Vec<CertificateFiles>,
    /// Authorities of client certificates. When set, a handshake without one fails.
    #[serde(default)]
    pub client_authorities_file: Option<PathBuf>,
}

/// A certificate chain and its key, both PEM, and the hosts it is shown for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFiles {
    pub hosts: Vec<String>,
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
}

/// Why TLS cannot be set up. Key material is never shown.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("no certificate is configured")]
    NoCertificate,
    #[error("the file `{}` cannot be read as PEM", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    #[error("the file `{}` holds no certificate", path.display())]
    Empty { path: PathBuf },
    #[error("the key `{}` cannot be used with the certificate `{}`", key.display(), certificate.display())]
    Pair {
        certificate: PathBuf,
        key: PathBuf,
        #[source]
        source: rustls::Error,
    },
    #[error("the file `{}` holds a certificate that cannot be an authority", path.display())]
    Authority {
        path: PathBuf,
        #[source]
        source: rustls::Error,
    },
    #[error("client certificates cannot be verified with these authorities")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
    #[error("the library offers no protocol version")]
    Versions(#[source] rustls::Error),
}

/// The TLS side of one listener. A reload changes what new connections see.
pub struct Tls {
    settings: Settings,
    clock: Arc<dyn Clock>,
    config: ArcSwap<ServerConfig>,
}

impl Tls {
    /// Reads certificates, keys and authorities; refuses to start without any of them.
    pub fn load(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let config = ArcSwap::from(build(&settings, &clock)?);
        Ok(Self {
            settings,
            clock,
            config,
        })
    }

    /// Reads all files anew. On any error what was in use stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.config.store(build(&self.settings, &self.clock)?);
        Ok(())
    }

    /// What the next connection is accepted with.
    pub fn config(&self) -> Arc<ServerConfig> {
        self.config.load_full()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

fn build(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Arc<ServerConfig>, TlsError> {
    // X25519MLKEM768 comes first in this provider's key exchanges.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let time = Arc::new(TlsTime(Arc::clone(clock)));
    let resolver = Arc::new(CertificatesByHost::load(&settings.certificates, &provider)?);
    let builder = ServerConfig::builder_with_details(Arc::clone(&provider), time)
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(TlsError::Versions)?;
    let mut config = match &settings.client_authorities_file {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let authorities = Arc::new(read_authorities(file)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(authorities, provider);
            let verifier = verifier.build().map_err(TlsError::Verifier)?;
            builder.with_client_cert_verifier(verifier)
        }
    }
    .with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.max_early_data_size = 0;
    if settings.client_authorities_file.is_some() {
        // A resumed session would stand on a certificate that may have been revoked since.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(Arc::new(config))
}

/// Which certificate is shown for which server name.
#[derive(Debug)]
struct CertificatesByHost {
    first: Arc<CertifiedKey>,
    by_host: Vec<(String, Arc<CertifiedKey>)>,
}

impl CertificatesByHost {
    fn load(files: &[CertificateFiles], provider: &CryptoProvider) -> Result<Self, TlsError> {
        let mut first = None;
        let mut by_host = Vec::new();
        for files in files {
            let certified = Arc::new(read_pair(files, provider)?);
            first.get_or_insert_with(|| Arc::clone(&certified));
            for host in &files.hosts {
                by_host.push((host.to_ascii_lowercase(), Arc::clone(&certified)));
            }
        }
        Ok(Self {
            first: first.ok_or(TlsError::NoCertificate)?,
            by_host,
        })
    }
}

impl ResolvesServerCert for CertificatesByHost {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let wanted = hello.server_name().map(|name| name.trim_end_matches('.'));
        let is_wanted = |host: &str| wanted.is_some_and(|name| name.eq_ignore_ascii_case(host));
        let found = self.by_host.iter().find(|(host, _)| is_wanted(host));
        Some(Arc::clone(
            found.map_or(&self.first, |(_, certified)| certified),
        ))
    }
}

fn read_pair(
    files: &CertificateFiles,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let chain = read_certificates(&files.certificate_file)?;
    let key = PrivateKeyDer::from_pem_file(&files.key_file).map_err(|source| TlsError::File {
        path: files.key_file.clone(),
        source,
    })?;
    CertifiedKey::from_der(chain, key, provider).map_err(|source| TlsError::Pair {
        certificate: files.certificate_file.clone(),
        key: files.key_file.clone(),
        source,
    })
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::File {
        path: path.to_owned(),
        source,
    };
    let chain = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    if chain.is_empty() {
        return Err(TlsError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(chain)
}

fn read_authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut authorities = RootCertStore::empty();
    for certificate in read_certificates(path)? {
        let added = authorities.add(certificate);
        added.map_err(|source| TlsError::Authority {
            path: path.to_owned(),
            source,
        })?;
    }
    Ok(authorities)
}

//! TLS of outbound requests: whom we believe, by which clock.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, version};

use crate::clock::{Clock, TlsTime};

/// The authorities that vouch for other sides' certificates.
#[derive(Clone)]
pub struct Roots(Arc<RootCertStore>);

/// Why a file gives no authorities.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    #[error("the file `{}` cannot be read as PEM", path.display())]
    File {
        path: PathBuf,
        source: rustls::pki_types::pem::Error,
    },
    #[error("the file `{}` holds no certificate that can be an authority", path.display())]
    Empty { path: PathBuf },
}

impl Roots {
    /// Nobody: every `https` request fails. For a machine that asks only itself.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new(RootCertStore::empty()))
    }

    /// Reads a PEM file of authorities, such as the one the operating system keeps. Certificates
    /// that cannot be an authority are passed over: such files collect them over the years.
    pub fn load(path: &Path) -> Result<Self, RootsError> {
        let failed = |source| RootsError::File {
            path: path.to_owned(),
            source,
        };
        let certificates = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(failed)?;
        let mut store = RootCertStore::empty();
        let (added, _) = store.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(RootsError::Empty {
                path: path.to_owned(),
            });
        }
        Ok(Self(Arc::new(store)))
    }
}

impl Roots {
    /// As the TLS library wants them.
    #[must_use]
    pub fn store(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.0)
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.0.len())
    }
}

pub(super) fn client(roots: Roots, clock: Arc<dyn Clock>) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(TlsTime(clock)))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
        .with_root_certificates(roots.0)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Few requests, far apart: a kept ticket would tie them together for nothing.
    config.resumption = Resumption::disabled();
    Ok(config)
}

pub(super) fn server_name(host: &str) -> Option<ServerName<'static>> {
    ServerName::try_from(host.to_owned()).ok()
}

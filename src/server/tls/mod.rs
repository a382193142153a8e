//! TLS: which host is this connection for, what do we show there, and what do we ask for?
//!
//! Each host has a configuration of its own: its certificate, its keys of tickets, its authorities
//! of client certificates; so nothing that was proven towards one host counts at another. The
//! server name of the handshake chooses one; without a name it is the first, and a name of nobody
//! is refused by an alert. All of it is changed whole while running, or not at all.

mod certificate;
mod files;
mod meeting;
mod staple;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{self, Ticketer};
use rustls::server::{NoServerSessionStorage, ProducesTickets, WebPkiClientVerifier};
use rustls::{ServerConfig, version};

use crate::clock::{Clock, TlsTime};
use crate::wire::host::{Host, HostPattern};

use certificate::Shown;

pub use certificate::weaknesses;
pub use meeting::{Failure, Met, meet};
pub use staple::StapleError;

/// What a listener shows and asks for, host by host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The one that connections without a server name are for.
    pub first: Host,
    pub first_files: HostFiles,
    /// All others. An exact name goes before a pattern.
    pub others: Vec<(HostPattern, HostFiles)>,
}

/// What stands in files for one host, all PEM but the staple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// An answer of OCSP about the certificate, DER.
    pub staple: Option<PathBuf>,
    pub clients: Option<ClientCertificates>,
}

/// Whose client certificates a host takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificates {
    pub authorities: PathBuf,
    pub demand: Demand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Who has none is let in; operations may ask for one.
    Optional,
    /// A handshake without one fails.
    Required,
}

/// Why TLS cannot be set up. Key material is never shown.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
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
    #[error("the staple `{}` cannot be shown", path.display())]
    Staple {
        path: PathBuf,
        #[source]
        source: StapleError,
    },
    #[error("client certificates cannot be verified with these authorities")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
    #[error("the library offers no protocol version or no tickets")]
    Library(#[source] rustls::Error),
}

/// The TLS side of one listener. A reload changes what new connections see.
pub struct Tls {
    clock: Arc<dyn Clock>,
    hosts: ArcSwap<Hosts>,
}

/// What was read from all files and can be taken at once.
#[must_use]
pub struct Prepared(Hosts);

struct Hosts {
    first: Host,
    first_served: Served,
    exact: Vec<(Host, Served)>,
    below: Vec<(HostPattern, Served)>,
}

struct Served {
    files: HostFiles,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads certificates, keys and authorities; refuses to start without any of them.
    pub fn load(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let hosts = Hosts::read(settings, None, &clock)?;
        Ok(Self {
            clock,
            hosts: ArcSwap::from_pointee(hosts),
        })
    }

    /// Reads all files anew; nothing changes yet.
    pub fn prepare(&self, settings: &Settings) -> Result<Prepared, TlsError> {
        let before = self.hosts.load();
        Hosts::read(settings, Some(&before), &self.clock).map(Prepared)
    }

    /// Shows from now on what was prepared. Connections that are open stay as they are.
    pub fn take(&self, Prepared(hosts): Prepared) {
        self.hosts.store(Arc::new(hosts));
    }

    /// For which host a connection is, and what it is accepted with; nobody's name has neither.
    #[must_use]
    pub fn host(&self, server_name: Option<&str>) -> Option<(Host, Arc<ServerConfig>)> {
        let hosts = self.hosts.load();
        let (host, served) = match server_name {
            None => (hosts.first.clone(), &hosts.first_served),
            Some(name) => {
                let host = Host::parse(name).ok()?;
                let served = hosts.serving(&host)?;
                (host, served)
            }
        };
        Some((host, Arc::clone(&served.config)))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

impl Hosts {
    fn read(
        settings: &Settings,
        before: Option<&Self>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, TlsError> {
        let known = |host: &Host| before.and_then(|before| before.serving(host));
        let first_before = known(&settings.first);
        let first_served = Served::read(&settings.first_files, first_before, clock)?;
        let (mut exact, mut below) = (Vec::new(), Vec::new());
        for (pattern, files) in &settings.others {
            match pattern {
                HostPattern::Exact(host) => {
                    let served = Served::read(files, known(host), clock)?;
                    exact.push((host.clone(), served));
                }
                HostPattern::Below(_) => {
                    let same = |before: &&Self| {
                        let mut all = before.below.iter();
                        all.position(|(known, _)| known == pattern)
                    };
                    let found = before.and_then(|b| b.below.get(same(&b)?));
                    let served = Served::read(files, found.map(|(_, served)| served), clock)?;
                    below.push((pattern.clone(), served));
                }
            }
        }
        Ok(Self {
            first: settings.first.clone(),
            first_served,
            exact,
            below,
        })
    }

    fn serving(&self, host: &Host) -> Option<&Served> {
        if *host == self.first {
            return Some(&self.first_served);
        }
        let exact = self.exact.iter().find(|(exact, _)| exact == host);
        exact.map(|(_, served)| served).or_else(|| {
            let below = self.below.iter().find(|(below, _)| below.matches(host));
            below.map(|(_, served)| served)
        })
    }
}

impl Served {
    /// The keys of tickets stay where the same clients are asked for as before.
    fn read(
        files: &HostFiles,
        before: Option<&Self>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, TlsError> {
        let kept = before.filter(|before| before.files.clients == files.clients);
        let kept = kept.map(|before| Arc::clone(&before.config.ticketer));
        let config = Arc::new(configuration(files, kept, clock)?);
        Ok(Self {
            files: files.clone(),
            config,
        })
    }
}

fn configuration(
    files: &HostFiles,
    kept: Option<Arc<dyn ProducesTickets>>,
    clock: &Arc<dyn Clock>,
) -> Result<ServerConfig, TlsError> {
    // X25519MLKEM768 comes first in this provider's key exchanges.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let time = Arc::new(TlsTime(Arc::clone(clock)));
    let shown = Arc::new(Shown::read(files, &provider, clock)?);
    let builder = ServerConfig::builder_with_details(Arc::clone(&provider), time)
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(TlsError::Library)?;
    let mut config = match &files.clients {
        None => builder.with_no_client_auth(),
        Some(clients) => builder.with_client_cert_verifier(verifier(clients, provider)?),
    }
    .with_cert_resolver(shown);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.max_early_data_size = 0;
    // Tickets are sealed and kept by the client; nothing is kept here.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    if files.clients.is_some() {
        // A resumed session would stand on a certificate that may have been revoked since.
        config.send_tls13_tickets = 0;
    } else {
        config.ticketer = match kept {
            Some(kept) => kept,
            None => Ticketer::new().map_err(TlsError::Library)?,
        };
    }
    Ok(config)
}

fn verifier(
    clients: &ClientCertificates,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, TlsError> {
    let authorities = Arc::new(files::authorities(&clients.authorities)?);
    let verifier = WebPkiClientVerifier::builder_with_provider(authorities, provider);
    let verifier = match clients.demand {
        Demand::Optional => verifier.allow_unauthenticated(),
        Demand::Required => verifier,
    };
    verifier.build().map_err(TlsError::Verifier)
}

//! Who signs the certificates of these tests.

use std::path::PathBuf;

use muhrdor::keys::{certificate_pem, private_key_pem};
use muhrdor::server::tls::{ClientCertificates, Demand, HostFiles, Settings as TlsSettings};
use muhrdor::wire::host::{Host, HostPattern};
use rustls::pki_types::CertificateDer;
use tempfile::TempDir;

use super::rig::HOST;

/// A certificate authority, and what it signed, in files.
pub(crate) struct Authority {
    pub(crate) folder: TempDir,
    pub(crate) certificate: CertificateDer<'static>,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("ca.pem"),
            certificate_pem(certificate.der()),
        )
        .unwrap();
        std::fs::write(
            folder.path().join("ca.key"),
            private_key_pem(key.serialized_der()),
        )
        .unwrap();
        let certificate = certificate.der().clone();
        Self {
            folder,
            certificate,
            issuer: rcgen::Issuer::new(params, key),
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Signs a certificate for these names; writes it and its key to files.
    pub(crate) fn issue(&self, file: &str, names: &[&str]) -> (CertificateDer<'static>, Vec<u8>) {
        self.issue_with(file, names, |_| ())
    }

    pub(crate) fn issue_with(
        &self,
        file: &str,
        names: &[&str],
        change: impl FnOnce(&mut rcgen::CertificateParams),
    ) -> (CertificateDer<'static>, Vec<u8>) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(
            self.file(&format!("{file}.pem")),
            certificate_pem(certificate.der()),
        )
        .unwrap();
        std::fs::write(
            self.file(&format!("{file}.key")),
            private_key_pem(key.serialized_der()),
        )
        .unwrap();
        (certificate.der().clone(), key.serialize_der())
    }

    pub(crate) fn files(&self, file: &str) -> HostFiles {
        HostFiles {
            certificate: self.file(&format!("{file}.pem")),
            key: self.file(&format!("{file}.key")),
            staple: None,
            clients: None,
        }
    }

    /// The same, which takes client certificates of this authority.
    pub(crate) fn files_asking(&self, file: &str, demand: Demand) -> HostFiles {
        HostFiles {
            clients: Some(ClientCertificates {
                authorities: self.file("ca.pem"),
                demand,
            }),
            ..self.files(file)
        }
    }

    /// The portal's host with its files, and others.
    pub(crate) fn hosts(first_files: HostFiles, others: &[(&str, HostFiles)]) -> TlsSettings {
        let others = others.iter();
        TlsSettings {
            first: Host::parse(HOST).unwrap(),
            first_files,
            others: others
                .map(|(host, files)| (HostPattern::parse(host).unwrap(), files.clone()))
                .collect(),
        }
    }
}

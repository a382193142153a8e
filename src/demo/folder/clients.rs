//! The demo's authority for systems of other bodies that sign in by a certificate, and its list of
//! revoked ones.

use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SerialNumber,
};

use crate::demo::error::DemoError;
use crate::demo::folder::{DAY_MS, Folder, GOOD_MS, moment, write_private};
use crate::domain::time::Timestamp;
use crate::keys::{certificate_pem, private_key_pem};

/// A certificate of a body's system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemCertificate {
    /// The social agency's.
    SocialAgency,
    /// The one that the social agency had before; it was revoked.
    Former,
}

impl SystemCertificate {
    const ALL: [Self; 2] = [Self::SocialAgency, Self::Former];

    const fn file(self) -> &'static str {
        match self {
            Self::SocialAgency => "social-agency",
            Self::Former => "social-agency-former",
        }
    }

    const fn serial(self) -> u64 {
        match self {
            Self::SocialAgency => 0x5001,
            Self::Former => 0x5000,
        }
    }
}

impl Folder {
    /// The certificate of a system and its key, PEM.
    #[must_use]
    pub fn system(&self, which: SystemCertificate) -> (PathBuf, PathBuf) {
        let at = |ending| self.0.join(format!("tls/{}.{ending}", which.file()));
        (at("pem"), at("key"))
    }

    /// What the authority says about revoked ones.
    #[must_use]
    pub fn revoked_systems(&self) -> PathBuf {
        self.0.join("tls/systems.crl")
    }

    pub(super) fn make_systems(&self, now: Timestamp) -> Result<(), DemoError> {
        let failed = |cause: rcgen::Error| DemoError::Key(cause.to_string());
        let (from, until) = (moment(now.plus_ms(-DAY_MS)), moment(now.plus_ms(GOOD_MS)));
        let mut authority = CertificateParams::default();
        let name = "Muhrdor demo systems (throw-away)";
        authority.distinguished_name.push(DnType::CommonName, name);
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (authority.not_before, authority.not_after) = (from, until);
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = authority.self_signed(&key).map_err(failed)?;
        write_private(
            &self.0.join("tls/systems.pem"),
            certificate_pem(certificate.der()).as_bytes(),
        )?;
        let issuer = Issuer::new(authority, key);
        for which in SystemCertificate::ALL {
            let mut system = CertificateParams::default();
            let subject = &mut system.distinguished_name;
            subject.push(DnType::CountryName, "UZ");
            subject.push(DnType::OrganizationName, "Social Protection Agency (demo)");
            subject.push(DnType::CustomDnType(TAXPAYER.to_vec()), SOCIAL_AGENCY);
            subject.push(DnType::CommonName, "case system");
            system.serial_number = Some(SerialNumber::from(which.serial()));
            system.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            system.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            system.use_authority_key_identifier_extension = true;
            (system.not_before, system.not_after) = (from, until);
            let key = KeyPair::generate().map_err(failed)?;
            let certificate = system.signed_by(&key, &issuer).map_err(failed)?;
            let (at, key_at) = self.system(which);
            write_private(&at, certificate_pem(certificate.der()).as_bytes())?;
            write_private(&key_at, private_key_pem(key.serialized_der()).as_bytes())?;
        }
        let revoked = CertificateRevocationListParams {
            this_update: from,
            next_update: until,
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from(SystemCertificate::Former.serial()),
                revocation_time: from,
                reason_code: Some(RevocationReason::Superseded),
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = revoked.signed_by(&issuer).map_err(failed)?;
        write_private(&self.revoked_systems(), list.der())
    }
}

/// Where certificates of the country's authorities have the taxpayer's number of a body.
const TAXPAYER: [u64; 7] = [1, 2, 860, 3, 16, 1, 1];
/// The number that the demo gives to the social agency.
const SOCIAL_AGENCY: &str = "300000001";

//! An authority of a test, with which anything can be certified.

use muhrdor::clock::{Clock, SystemClock};
use muhrdor::domain::time::Timestamp;
use muhrdor::keys::private_key_pem;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams,
    CrlIssuingDistributionPoint, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::{Duration, OffsetDateTime};

use super::NOW;

pub(crate) struct Authority {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, PKCS#8 PEM.
pub(crate) struct Issued {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key_pem: String,
}

pub(crate) fn day(number: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW).unwrap() + Duration::days(number)
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    (params.not_before, params.not_after) = (day(-3000), day(3000));
    params
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let (params, key) = (params(name), KeyPair::generate().unwrap());
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self {
            certificate,
            key_pem: private_key_pem(key.serialized_der()).to_string(),
            issuer: Issuer::new(params, key),
        }
    }

    /// An authority below this one.
    pub(crate) fn below(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (mut params, key) = (params(name), KeyPair::generate().unwrap());
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Self {
            certificate: certificate.der().clone(),
            key_pem: private_key_pem(key.serialized_der()).to_string(),
            issuer: Issuer::new(params, key),
        }
    }

    /// The same name and key, with the right to sign lists.
    pub(crate) fn as_signer(&self, name: &str) -> Self {
        let der = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).unwrap();
        let key = KeyPair::try_from(&der).unwrap();
        Self {
            certificate: self.certificate.clone(),
            key_pem: self.key_pem.clone(),
            issuer: Issuer::new(params(name), key),
        }
    }

    /// A certificate for the client with this number (`serialNumber`, 2.5.4.5).
    pub(crate) fn client(&self, number: &str) -> Issued {
        self.issue(number, |_| {})
    }

    pub(crate) fn issue(
        &self,
        number: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Issued {
        let mut params = CertificateParams::default();
        let serial_number = DnType::CustomDnType(vec![2, 5, 4, 5]);
        params.distinguished_name.push(serial_number, number);
        params.distinguished_name.push(DnType::CommonName, "client");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = (day(-1), day(10));
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Issued {
            certificate: params.signed_by(&key, &self.issuer).unwrap().der().clone(),
            key_pem: private_key_pem(key.serialized_der()).to_string(),
        }
    }

    /// What it says on that day about revoked ones, DER, good for a day.
    pub(crate) fn list(&self, made: i64, serials: &[u64]) -> Vec<u8> {
        self.list_for(made, serials, None)
    }

    pub(crate) fn list_for(
        &self,
        made: i64,
        serials: &[u64],
        issuing: Option<CrlIssuingDistributionPoint>,
    ) -> Vec<u8> {
        self.listed(day(made), serials, issuing)
    }

    /// One that is a second newer than that day's.
    pub(crate) fn list_after(&self, made: i64, serials: &[u64]) -> Vec<u8> {
        self.listed(day(made) + Duration::seconds(1), serials, None)
    }

    fn listed(
        &self,
        made: OffsetDateTime,
        serials: &[u64],
        issuing_distribution_point: Option<CrlIssuingDistributionPoint>,
    ) -> Vec<u8> {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: made,
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: made,
            next_update: made + Duration::days(1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().der().to_vec()
    }
}

/// The day it is.
pub(crate) fn today() -> i64 {
    (SystemClock::new().now().unix_seconds() - NOW).div_euclid(86_400)
}

pub(crate) fn serial(number: u64) -> impl FnOnce(&mut CertificateParams) {
    move |params| params.serial_number = Some(SerialNumber::from(number))
}

pub(crate) fn at_day(number: i64) -> Timestamp {
    Timestamp::from_unix_seconds(day(number).unix_timestamp())
}

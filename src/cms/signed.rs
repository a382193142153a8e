//! Writing: signed attributes, the bytes to sign, `SignedData` around the signature value.

use crate::cms::algorithm::KeyKind;
use crate::cms::{Certificate, CmsError, Digest, DigestAlgorithm, Oid, der, oid};

/// The signer's certificate, and those between it and the anchor.
#[derive(Debug, Clone)]
pub struct CertificateSet {
    pub signer: Certificate,
    pub path: Vec<Certificate>,
}

/// What a signature signs: the attributes that bind the content, its type and the certificate.
#[derive(Debug, Clone)]
pub struct SignedAttributes {
    /// As `SET OF`, the form that is signed (RFC 5652 §5.4).
    der: Vec<u8>,
    content: Content,
    digest: DigestAlgorithm,
    kind: KeyKind,
    signer: Certificate,
}

/// What is signed, and where it stands.
#[derive(Debug, Clone)]
enum Content {
    /// Elsewhere: in the PDF around the hole.
    Detached,
    /// A `TSTInfo`, inside.
    TimeStamp(Vec<u8>),
}

impl SignedAttributes {
    /// The attributes of a PAdES baseline signature over content of this digest: content-type,
    /// message-digest, signing-certificate-v2 and no signing-time (EN 319 142-1 §6.3).
    ///
    /// # Errors
    /// [`CmsError::Algorithm`] when the digest is not [`Certificate::digest_algorithm`]'s;
    /// [`CmsError::Certificate`] when the certificate is not for signing.
    pub fn of_seal(signer: &Certificate, content: &Digest) -> Result<Self, CmsError> {
        signer.check_signs()?;
        Self::new(signer, content, Content::Detached)
    }

    /// The attributes of a time-stamp token (RFC 3161 §2.4.2, RFC 5816 §2.2.1).
    pub(super) fn of_token(signer: &Certificate, info: Vec<u8>) -> Result<Self, CmsError> {
        signer.check_stamps_time()?;
        let digest = signer.digest_algorithm()?.of(&[&info]);
        Self::new(signer, &digest, Content::TimeStamp(info))
    }

    fn new(signer: &Certificate, digest: &Digest, content: Content) -> Result<Self, CmsError> {
        let kind = signer.kind()?;
        if digest.algorithm() != kind.digest() {
            return Err(CmsError::Algorithm);
        }
        let octets = der::element(der::OCTET_STRING, &[digest.value()]);
        let attributes = vec![
            attribute(oid::CONTENT_TYPE, &oid::encode(content.kind())),
            attribute(oid::MESSAGE_DIGEST, &octets),
            attribute(oid::SIGNING_CERTIFICATE_V2, &signing_certificate(signer)),
        ];
        Ok(Self {
            der: der::set_of(der::SET, attributes),
            content,
            digest: digest.algorithm(),
            kind,
            signer: signer.clone(),
        })
    }

    /// Exactly the bytes to sign.
    #[must_use]
    pub fn to_sign(&self) -> &[u8] {
        &self.der
    }

    /// The signature with its value in, in the form `keys::Signature::to_cms` gives. `path` are
    /// the certificates to carry beside the signer's.
    #[must_use]
    pub fn complete(self, path: &[Certificate], signature: &[u8]) -> SignedData {
        let mut certificates = vec![self.signer.der().to_vec()];
        certificates.extend(path.iter().map(|found| found.der().to_vec()));
        self.with_certificates(certificates, signature)
    }

    /// The same with no certificate in it, as a requester of a time-stamp may wish.
    pub(super) fn with_certificates(
        self,
        certificates: Vec<Vec<u8>>,
        signature: &[u8],
    ) -> SignedData {
        SignedData {
            attributes: self,
            certificates,
            signature: signature.to_vec(),
            unsigned: Vec::new(),
        }
    }
}

impl Content {
    const fn kind(&self) -> &'static [u8] {
        match self {
            Self::Detached => oid::DATA,
            Self::TimeStamp(_) => oid::TST_INFO,
        }
    }

    /// `EncapsulatedContentInfo` (RFC 5652 §5.2).
    fn to_der(&self) -> Vec<u8> {
        let kind = oid::encode(self.kind());
        match self {
            Self::Detached => der::element(der::SEQUENCE, &[&kind]),
            Self::TimeStamp(info) => {
                let octets = der::element(der::OCTET_STRING, &[info]);
                let explicit = der::element(der::context(0), &[&octets]);
                der::element(der::SEQUENCE, &[&kind, &explicit])
            }
        }
    }

    /// RFC 5652 §5.1: 3 for content that is not id-data.
    const fn version(&self) -> u8 {
        match self {
            Self::Detached => 1,
            Self::TimeStamp(_) => 3,
        }
    }
}

/// A signature, to which unsigned attributes may still be added.
#[derive(Debug, Clone)]
pub struct SignedData {
    attributes: SignedAttributes,
    certificates: Vec<Vec<u8>>,
    signature: Vec<u8>,
    unsigned: Vec<Vec<u8>>,
}

impl SignedData {
    /// The signature value, which a time-stamp is over (RFC 3161 appendix A).
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Adds a time-stamp token over [`SignedData::signature`] (RFC 3161 appendix A).
    pub fn attach_token(&mut self, token: &[u8]) {
        self.unsigned.push(attribute(oid::TIME_STAMP_TOKEN, token));
    }

    /// Adds bytes as one `OCTET STRING` under a name of our own: the proof of the log.
    pub fn attach_octets(&mut self, name: &Oid, octets: &[u8]) {
        let value = der::element(der::OCTET_STRING, &[octets]);
        self.unsigned.push(attribute(name.content(), &value));
    }

    /// The whole `ContentInfo` (RFC 5652 §3).
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let attributes = &self.attributes;
        let digest = attributes.digest.to_der();
        let certificates = match self.certificates.is_empty() {
            true => Vec::new(),
            false => der::set_of(der::context(0), self.certificates.clone()),
        };
        let signed_data = der::element(
            der::SEQUENCE,
            &[
                &der::unsigned(&[attributes.content.version()]),
                &der::element(der::SET, &[&digest]),
                &attributes.content.to_der(),
                &certificates,
                &der::element(der::SET, &[&self.signer_info(&digest)]),
            ],
        );
        der::element(
            der::SEQUENCE,
            &[
                &oid::encode(oid::SIGNED_DATA),
                &der::element(der::context(0), &[&signed_data]),
            ],
        )
    }

    /// `SignerInfo` (RFC 5652 §5.3), version 1 for a signer by issuer and serial number.
    fn signer_info(&self, digest: &[u8]) -> Vec<u8> {
        let attributes = &self.attributes;
        // What is signed as SET OF stands in the structure as [0] (RFC 5652 §5.4).
        let mut signed = attributes.der.clone();
        if let Some(tag) = signed.first_mut() {
            *tag = der::context(0);
        }
        let unsigned = match self.unsigned.is_empty() {
            true => Vec::new(),
            false => der::set_of(der::context(1), self.unsigned.clone()),
        };
        der::element(
            der::SEQUENCE,
            &[
                &der::unsigned(&[1]),
                &attributes.signer.issuer_and_serial(),
                digest,
                &signed,
                &attributes.kind.signature_algorithm(),
                &der::element(der::OCTET_STRING, &[&self.signature]),
                &unsigned,
            ],
        )
    }
}

/// What a seal will carry, to know the size of its hole before anything is signed.
#[derive(Debug, Clone, Copy)]
pub struct SealSize<'a> {
    pub token_bytes_max: usize,
    pub proof_name: &'a Oid,
    pub proof_bytes_max: usize,
}

impl SealSize<'_> {
    /// The most bytes that a seal by these certificates has.
    ///
    /// # Errors
    /// As [`SignedAttributes::of_seal`].
    pub fn bytes_max(&self, certificates: &CertificateSet) -> Result<usize, CmsError> {
        let signer = &certificates.signer;
        let attributes = SignedAttributes::of_seal(signer, &signer.digest_algorithm()?.of(&[]))?;
        let value = vec![0; attributes.kind.signature_bytes_max()];
        let mut seal = attributes.complete(&certificates.path, &value);
        seal.attach_token(&vec![0; self.token_bytes_max]);
        seal.attach_octets(self.proof_name, &vec![0; self.proof_bytes_max]);
        Ok(seal.to_der().len())
    }
}

/// `SigningCertificateV2` (RFC 5035 §3) with the one certificate. The hash algorithm is left out
/// because SHA-256 is its default, and so DER wants it.
fn signing_certificate(certificate: &Certificate) -> Vec<u8> {
    let hash = DigestAlgorithm::Sha256.of(&[certificate.der()]);
    let octets = der::element(der::OCTET_STRING, &[hash.value()]);
    let identifier = der::element(der::SEQUENCE, &[&octets]);
    let list = der::element(der::SEQUENCE, &[&identifier]);
    der::element(der::SEQUENCE, &[&list])
}

/// An `Attribute` (RFC 5652 §5.3) of one value.
fn attribute(name: &[u8], value: &[u8]) -> Vec<u8> {
    let values = der::element(der::SET, &[value]);
    der::element(der::SEQUENCE, &[&oid::encode(name), &values])
}

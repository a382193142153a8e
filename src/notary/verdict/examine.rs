//! What a file says, by itself and what is trusted: no index, no network, no clock.

use std::str;

use memchr::memmem;

use crate::cms::{Certificate, Digest, DigestAlgorithm, ParsedSignature, Profile, TimeStampToken};
use crate::domain::name::AgencyId;
use crate::domain::time::Timestamp;
use crate::notary::leaf::{Commitment, DocumentLeaf, IssueLeaf, Sha256};
use crate::notary::verdict::certificates::{self, PathError, Purpose, agency_of, subject_of};
use crate::notary::verdict::trace;
use crate::notary::verdict::{Finding, Trust};
use crate::pdf::{Document, PdfError, SignatureField, Spelling};
use crate::tlog::Hash;
use crate::tlog::proof::ProofFile;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Examination {
    /// A seal of this house, and every byte is as it was sealed.
    Sealed(Box<SealFacts>),
    /// A seal of this house that no longer holds.
    Altered(Finding),
    /// Someone else's signature.
    Foreign(ForeignFacts),
    /// No signature at all, or no PDF that could carry one.
    Unsigned(Finding),
}

/// What a seal that holds says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealFacts {
    /// Of what the signature covers.
    pub content: Sha256,
    pub commitment: Commitment,
    pub issuer: AgencyId,
    /// The certificate's subject.
    pub certificate: String,
    /// The moment of the time-stamp.
    pub stamped_at: Timestamp,
    /// Its place in the documents' log.
    pub index: u64,
    /// The size of the log that the proof is of.
    pub log_size: u64,
}

/// What is known of someone else's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignFacts {
    /// It is over this file as it stands.
    pub intact: bool,
    /// It leads to an authority that is trusted here.
    pub trusted: bool,
    pub signer: Option<String>,
}

/// Looks at a file. Bounded by what [`Document::read`] bounds.
#[must_use]
pub fn examine(file: &[u8], trust: &Trust, now: Timestamp) -> Examination {
    let carries_ours = || trace::carries_seal(file, trust);
    let not_ours = |finding| match carries_ours() {
        true => Examination::Altered(finding),
        false => Examination::Unsigned(finding),
    };
    let document = match Document::read(file) {
        Ok(document) => document,
        Err(PdfError::Empty | PdfError::NotPdf) => return not_ours(Finding::NoPdf),
        Err(_) => return not_ours(Finding::Damaged),
    };
    let Ok(signatures) = document.signatures() else {
        return not_ours(Finding::Damaged);
    };
    let ours = |field: &&SignatureField| is_ours(&field.contents, trust);
    match (signatures.as_slice(), signatures.iter().find(ours)) {
        ([only], Some(_)) => match sealed(&document, only, trust, now) {
            Ok(facts) => Examination::Sealed(Box::new(facts)),
            Err(finding) => Examination::Altered(finding),
        },
        (_, Some(_)) => Examination::Altered(Finding::NotWhole),
        ([.., last], None) => Examination::Foreign(foreign(&document, last, trust, now)),
        ([], None) => not_ours(Finding::NotSigned),
    }
}

/// Whether a signature carries the proof of our log, or is by a certificate of our authorities. A
/// signature that can no longer be read is ours if the name of the proof stands in it anywhere.
pub(super) fn is_ours(contents: &[u8], trust: &Trust) -> bool {
    let named = trust.proof_name.as_ref();
    let names_proof = || named.is_some_and(|name| memmem::find(contents, &name.to_der()).is_some());
    let der = padded(contents);
    let Some(parsed) = der.and_then(|der| ParsedSignature::parse(der, Profile::Foreign).ok())
    else {
        return names_proof();
    };
    let carries = named.is_some_and(|name| parsed.octets(name).is_some());
    let by_ours =
        |signer: &Certificate| agency_of(signer).is_some() && issued_by_anchor(signer, trust);
    carries || parsed.signer().is_some_and(by_ours)
}

/// Whether an anchor is named as the issuer: enough to take a file for one of ours, not to believe
/// it.
fn issued_by_anchor(signer: &Certificate, trust: &Trust) -> bool {
    trust
        .anchors
        .iter()
        .any(|anchor| anchor.subject() == signer.issuer())
}

/// The seal, checked from the file's first byte to its last.
fn sealed(
    document: &Document<'_>,
    field: &SignatureField,
    trust: &Trust,
    now: Timestamp,
) -> Result<SealFacts, Finding> {
    if field.covered_end != document.bytes().len() {
        return Err(Finding::NotWhole);
    }
    if field.spelling != Spelling::Canonical {
        return Err(Finding::NotCanonical);
    }
    let der = padded(&field.contents).ok_or(Finding::NotCanonical)?;
    let parsed = ParsedSignature::parse(der, Profile::Seal).map_err(|_| Finding::Signature)?;
    let signer = parsed.signer().ok_or(Finding::Certificate)?;
    signer.check_signs().map_err(|_| Finding::Certificate)?;
    let covered = document.covered(field);
    let digest = parsed.digest_algorithm().of(&covered);
    parsed
        .verify(signer, &digest)
        .map_err(|cause| match cause {
            crate::cms::CmsError::OtherContent => Finding::Content,
            _ => Finding::Signature,
        })?;
    let content = Sha256::beside(&digest, &covered);
    let name = trust.proof_name.as_ref().ok_or(Finding::Proof)?;
    if parsed.unsigned().len() != UNSIGNED_ATTRIBUTES {
        return Err(Finding::NotCanonical);
    }
    let mut tokens = parsed.tokens();
    let token = tokens.next().ok_or(Finding::TimeStamp)?;
    let stamped_at = stamped(token, parsed.signature(), trust)?;
    if stamped_at.ms_since(now) > AHEAD_MS_MAX {
        return Err(Finding::TimeStamp);
    }
    certified(
        signer,
        parsed.certificates(),
        trust,
        Purpose::Seal,
        stamped_at,
    )?;
    let issuer = agency_of(signer).ok_or(Finding::Certificate)?;
    let commitment = Commitment::of(parsed.signature(), &content);
    let leaf = DocumentLeaf::Issue(IssueLeaf {
        commitment,
        signature: Sha256::of(&[parsed.signature()]),
        certificate: Sha256::of(&[signer.der()]),
        token: Sha256::of(&[token]),
        at: stamped_at,
        issuer: issuer.clone(),
    });
    let proof = parsed.octets(name).ok_or(Finding::Proof)?;
    let (index, log_size) = proven(proof, &leaf.to_bytes(), trust)?;
    Ok(SealFacts {
        content,
        commitment,
        issuer,
        certificate: subject_of(signer),
        stamped_at,
        index,
        log_size,
    })
}

/// The moment of a token over a signature value.
fn stamped(token: &[u8], signature: &[u8], trust: &Trust) -> Result<Timestamp, Finding> {
    let bad = Finding::TimeStamp;
    let token = TimeStampToken::parse(token).map_err(|_| bad)?;
    let authority = token.signer().ok_or(bad)?;
    let imprint: Digest = DigestAlgorithm::Sha256.of(&[signature]);
    let stamp = token.verify(authority, &imprint).map_err(|_| bad)?;
    certified(
        authority,
        token.certificates(),
        trust,
        Purpose::Stamp,
        stamp.moment,
    )?;
    Ok(stamp.moment)
}

fn certified(
    signer: &Certificate,
    all: &[Certificate],
    trust: &Trust,
    purpose: Purpose,
    moment: Timestamp,
) -> Result<(), Finding> {
    let copies = all.iter().filter(|other| other.der() == signer.der());
    if copies.count() != 1 {
        return Err(Finding::NotCanonical);
    }
    let checked = certificates::check(signer, all, &trust.anchors, purpose, moment);
    checked.map_err(|cause| match cause {
        PathError::Untrusted => Finding::Certificate,
        PathError::Unused => Finding::NotCanonical,
    })
}

/// Place in the log, and the log's size, by a proof that is written the one way there is.
pub(super) fn proven(proof: &[u8], entry: &[u8], trust: &Trust) -> Result<(u64, u64), Finding> {
    let text = str::from_utf8(proof).map_err(|_| Finding::Proof)?;
    let read = ProofFile::parse(text).map_err(|_| Finding::Proof)?;
    let lines = read.checkpoint.split('\n');
    let signatures = lines.filter(|line| line.starts_with('\u{2014}')).count();
    if read.to_text() != text || signatures != 1 {
        return Err(Finding::NotCanonical);
    }
    let log = trust.documents().ok_or(Finding::Proof)?;
    let head = read
        .check(Hash::leaf(entry), log)
        .map_err(|_| Finding::Proof)?;
    Ok((read.index, head.size))
}

fn foreign(
    document: &Document<'_>,
    field: &SignatureField,
    trust: &Trust,
    now: Timestamp,
) -> ForeignFacts {
    let nothing = ForeignFacts {
        intact: false,
        trusted: false,
        signer: None,
    };
    let parsed =
        padded(&field.contents).and_then(|der| ParsedSignature::parse(der, Profile::Foreign).ok());
    let Some(parsed) = parsed else {
        return nothing;
    };
    let Some(signer) = parsed.signer() else {
        return nothing;
    };
    let digest = parsed.digest_algorithm().of(&document.covered(field));
    let whole = field.covered_end == document.bytes().len();
    let trusted = certificates::check(
        signer,
        parsed.certificates(),
        &trust.anchors,
        Purpose::Seal,
        now,
    );
    ForeignFacts {
        intact: whole && parsed.verify(signer, &digest).is_ok(),
        trusted: !matches!(trusted, Err(PathError::Untrusted)),
        signer: Some(subject_of(signer)),
    }
}

/// The one DER element at the beginning of a hole, if there are only zeros behind it.
pub(super) fn padded(contents: &[u8]) -> Option<&[u8]> {
    let (&[tag, first], rest) = contents.split_first_chunk()?;
    if tag != SEQUENCE {
        return None;
    }
    let (head, length) = match first {
        0..=0x7f => (2, usize::from(first)),
        0x81..=0x83 => {
            let octets = usize::from(first & 0x7f);
            let length = rest.get(..octets)?;
            let length = length.iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
            (2 + octets, length)
        }
        _ => return None,
    };
    let (der, padding) = contents.split_at_checked(head + length)?;
    padding.iter().all(|byte| *byte == 0).then_some(der)
}

const SEQUENCE: u8 = 0x30;
/// Time-stamp and proof.
const UNSIGNED_ATTRIBUTES: usize = 2;
/// How far a stamp may be ahead of the verifier's clock.
const AHEAD_MS_MAX: i64 = 5 * 60 * 1000;

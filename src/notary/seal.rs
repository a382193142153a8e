//! The life of a seal: look and hole → signature → time-stamp → staged → log → proof → released.
//!
//! What is staged is never signed again: a seal that was cut off is taken up where it stopped, and
//! the log answers its leaf with the place it has already.

use std::sync::Arc;

use bytes::Bytes;

use crate::cms::{
    Certificate, CertificateSet, Digest, DigestAlgorithm, Oid, SealSize, SignedAttributes,
    SignedData,
};
use crate::domain::document::{AccessCode, DocumentCode, Issuance};
use crate::domain::text::Language;
use crate::keys::{KeyError, Secret, Vault};
use crate::notary::appearance::{Appearance, Caption, CaptionWords};
use crate::notary::container;
use crate::notary::index::{
    ArchivedDocument, CodeKey, ReleasedSeal, SealKey as By, SealRow, StagedSeal, Written,
};
use crate::notary::kept::{FILE, FILE_KEY, bound};
use crate::notary::leaf::{Commitment, DocumentLeaf, IssueLeaf, Sha256};
use crate::notary::record::{
    Beginning, Names, Octets, Progress, Record, Released, Rest, Staged, code_key,
};
use crate::notary::{Notary, NotaryError, SealKey, Unsealable};
use crate::pdf::{FileId, Unsigned};
use crate::policy::IssuePermit;
use crate::tlog::Leaf;

/// What is printed beside the code: names of the vocabulary, and in which language.
#[derive(Debug, Clone)]
pub struct DocumentNames {
    pub names: Names,
    pub language: Language,
}

/// A document that may be handed out: it is in the log and in the archive.
#[derive(Debug)]
#[must_use]
pub struct Sealed {
    pub file: Bytes,
    /// Its place in the documents' log.
    pub index: u64,
    /// Whether it was sealed before, by the same number and with the same bytes.
    pub seen: Seen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    First,
    Before,
}

impl Notary {
    /// Seals a document, or hands out the seal that its number has over the same bytes.
    ///
    /// # Errors
    /// [`NotaryError::NumberTaken`], [`NotaryError::NotSealable`], and what keeps the notary from
    /// its work. Nothing half sealed is ever handed out; what was begun is gone on with when it is
    /// asked for again.
    pub async fn seal(
        self: &Arc<Self>,
        permit: IssuePermit,
        names: DocumentNames,
        file: Bytes,
    ) -> Result<Sealed, NotaryError> {
        let issuance = permit.issuance().clone();
        let number = self.number_key(&issuance);
        if let Some(row) = self.tools.registrar.find(By::Number(number)).await? {
            return self.again(&row, &issuance, &Sha256::of(&[&file])).await;
        }
        let this = Arc::clone(self);
        let draft = {
            let issuance = issuance.clone();
            tokio::task::spawn_blocking(move || this.draft(&issuance, &names, &file))
        };
        let draft = draft.await.map_err(|_| NotaryError::CutOff)??;
        let source = draft.source;
        let row = StagedSeal {
            code: draft.code,
            number,
            content: draft.content,
            record: self.encrypted(draft.code, &draft.record)?,
        };
        match self.tools.registrar.stage(row, draft.archived).await? {
            Written::Done => self.release(draft.code, draft.record, draft.unsigned).await,
            // Someone else staged this number in between.
            Written::Conflict => match self.tools.registrar.find(By::Number(number)).await? {
                Some(row) => self.again(&row, &issuance, &source).await,
                None => Err(NotaryError::NumberTaken),
            },
        }
    }

    /// Goes on with seals that were cut off before they were released: who asks for them again
    /// finds them finished. Says how many were.
    ///
    /// # Errors
    /// When the index cannot be read. A seal that cannot be finished stays as it is, and is told
    /// of.
    pub async fn resume(&self) -> Result<usize, NotaryError> {
        let mut finished = 0;
        for row in self.tools.registrar.staged(RESUMED_MAX).await? {
            let record = self.decrypted(&row)?;
            let resumed = match self.archived(row.code, &record).await {
                Ok(unsigned) => self.release(row.code, record, unsigned).await.map(drop),
                Err(cause) => Err(cause),
            };
            match resumed {
                Ok(()) => finished += 1,
                Err(cause) => {
                    tracing::error!(target: "muhrdor::notary", %cause, "a seal stays unfinished");
                }
            }
        }
        Ok(finished)
    }

    /// The seal that a number has, if it is over the same bytes about the same person.
    async fn again(
        &self,
        row: &SealRow,
        issuance: &Issuance,
        source: &Sha256,
    ) -> Result<Sealed, NotaryError> {
        let record = self.decrypted(row)?;
        let same = record.source.0 == source.0
            && record.kind == issuance.kind
            && record.holder() == Some(issuance.holder.pinfl);
        if !same {
            return Err(NotaryError::NumberTaken);
        }
        let unsigned = self.archived(row.code, &record).await?;
        match &record.progress {
            Progress::Staged(_) => self.release(row.code, record, unsigned).await,
            Progress::Released(released) => filled(unsigned, released),
            // A number is not given twice, also not after a revocation.
            Progress::Revoked(..) => Err(NotaryError::RevokedAlready),
        }
    }

    /// Everything up to the log: no IO.
    fn draft(
        &self,
        issuance: &Issuance,
        names: &DocumentNames,
        file: &[u8],
    ) -> Result<Draft, NotaryError> {
        let tools = &self.tools;
        let key = tools.seals.get(&issuance.issuer);
        let key = key.ok_or_else(|| NotaryError::NoSealKey(issuance.issuer.clone()))?;
        let now = tools.clock.now();
        let code = DocumentCode::from_bytes(self.chance()?);
        let access = AccessCode::from_bytes(self.chance()?);
        let look = self.look(issuance, names, code, access)?;
        let unsigned = container::prepare(file, &look, now, FileId(self.chance()?))?;
        let [before, after] = unsigned.covered();
        let digest = key
            .certificates
            .signer
            .digest_algorithm()?
            .of(&[before, after]);
        let content = Sha256::beside(&digest, &[before, after]);
        let source = Sha256::of(&[file]);
        let signed = sign(key, &digest)?;
        let imprint = DigestAlgorithm::Sha256.of(&[signed.signature()]);
        let stamped = tools.tsa.stamp(&imprint)?;
        let leaf = DocumentLeaf::Issue(IssueLeaf {
            commitment: Commitment::of(signed.signature(), &content),
            signature: Sha256::of(&[signed.signature()]),
            certificate: Sha256::of(&[key.certificates.signer.der()]),
            token: Sha256::of(&[&stamped.token]),
            at: stamped.at,
            issuer: issuance.issuer.clone(),
        });
        let random = tools.random.as_ref();
        let place = code_key(code);
        let secret = Secret::generate(random)?;
        let keeper = Vault::new(&secret, &[]);
        let encrypted = keeper.seal(bound(FILE, &place), unsigned.bytes(), random)?;
        let hole = unsigned.hole();
        let path = key.certificates.path.iter();
        let certificates = std::iter::once(&key.certificates.signer).chain(path);
        let beginning = Beginning {
            code,
            access,
            holder: issuance.holder.pinfl,
        };
        let record = beginning.record(Rest {
            issuer: issuance.issuer.clone(),
            kind: issuance.kind.clone(),
            number: issuance.number.clone(),
            names: names.names.clone(),
            details: issuance.details.clone(),
            source,
            at: stamped.at,
            leaf: leaf.to_bytes(),
            hole: (hole.start, hole.end),
            file_key: tools.vault.wrap(bound(FILE_KEY, &place), &secret, random)?,
            staged: Staged {
                content: Octets(content.0.to_vec()),
                signature: Octets(signed.signature().to_vec()),
                token: Octets(stamped.token),
                certificates: certificates.map(|c| Octets(c.der().to_vec())).collect(),
            },
        });
        Ok(Draft {
            code: place,
            content,
            source,
            record,
            unsigned,
            archived: ArchivedDocument {
                code: place,
                encrypted,
            },
        })
    }

    /// From the log to the finished file.
    async fn release(
        &self,
        code: CodeKey,
        mut record: Record,
        unsigned: Unsigned,
    ) -> Result<Sealed, NotaryError> {
        let Progress::Staged(staged) = &record.progress else {
            return Err(NotaryError::Corrupt("it is not staged"));
        };
        let mut signed = restored(staged, &unsigned)?;
        let entry = Leaf::of(record.leaf.0.clone())?;
        let position = self.tools.log.append(entry).await?;
        let proof = self.tools.log.prove(position).await?.to_text();
        signed.attach_octets(&self.settings.proof_name, proof.as_bytes());
        let released = Released {
            index: position.index,
            seal: Octets(signed.to_der()),
            proof,
        };
        let sealed = filled(unsigned, &released)?;
        record.progress = Progress::Released(released);
        let row = ReleasedSeal {
            code,
            file: Sha256::of(&[&sealed.file]),
            record: self.encrypted(code, &record)?,
        };
        match self.tools.registrar.release(row).await? {
            Written::Done => Ok(Sealed {
                seen: Seen::First,
                ..sealed
            }),
            // Someone else finished the same seal, with another checkpoint in its proof.
            Written::Conflict => {
                let row = self.tools.registrar.find(By::Code(code)).await?;
                let record = self.decrypted(&row.ok_or(NotaryError::Corrupt("it is gone"))?)?;
                let unsigned = self.archived(code, &record).await?;
                let released = record.released();
                filled(
                    unsigned,
                    released.ok_or(NotaryError::Corrupt("it is not released"))?,
                )
            }
        }
    }

    fn look(
        &self,
        issuance: &Issuance,
        names: &DocumentNames,
        code: DocumentCode,
        access: AccessCode,
    ) -> Result<Appearance, NotaryError> {
        let portal = &self.settings.portal;
        let host = portal.strip_prefix("https://").unwrap_or(portal);
        let address = format!("{portal}/verify/{code}").to_ascii_uppercase();
        let caption = Caption {
            issuer: names.names.issuer.get(names.language),
            kind: names.names.kind.get(names.language),
            number: issuance.number.as_str(),
            date: &day(&self.tools.clock.now().to_string()),
            check_at: &format!("{host}/verify"),
            access: &access.to_string(),
            code: &code.to_string(),
            words: CaptionWords::in_language(names.language),
        };
        let drawn = Appearance::draw(&address, &caption);
        Ok(drawn.map_err(|cause| Unsealable::Words(cause.to_string()))?)
    }

    fn chance<const N: usize>(&self) -> Result<[u8; N], NotaryError> {
        let mut bytes = [0; N];
        let drawn = self.tools.random.fill(&mut bytes);
        drawn.map_err(|_| KeyError::NoRandomness)?;
        Ok(bytes)
    }
}

/// A seal that is ready for the log.
struct Draft {
    code: CodeKey,
    content: Sha256,
    source: Sha256,
    record: Record,
    unsigned: Unsigned,
    archived: ArchivedDocument,
}

/// What a hole must have room for.
pub(super) const fn size(proof_name: &Oid) -> SealSize<'_> {
    SealSize {
        token_bytes_max: TOKEN_BYTES_MAX,
        proof_name,
        proof_bytes_max: PROOF_BYTES_MAX,
    }
}

fn sign(key: &SealKey, digest: &Digest) -> Result<SignedData, NotaryError> {
    let attributes = SignedAttributes::of_seal(&key.certificates.signer, digest)?;
    let signature = key.signer.sign(attributes.to_sign())?.to_cms();
    Ok(attributes.complete(&key.certificates.path, &signature))
}

/// The signature as it was when it was staged.
fn restored(staged: &Staged, unsigned: &Unsigned) -> Result<SignedData, NotaryError> {
    let certificates = staged.certificates.iter();
    let mut certificates = certificates
        .map(|octets| Certificate::parse(&octets.0))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter();
    let signer = certificates.next();
    let set = CertificateSet {
        signer: signer.ok_or(NotaryError::Corrupt("it has no certificate"))?,
        path: certificates.collect(),
    };
    let algorithm = set.signer.digest_algorithm()?;
    let digest = match algorithm {
        // What was staged is what is covered: it is not hashed again.
        DigestAlgorithm::Sha256 => Digest::from_value(algorithm, &staged.content.0)
            .ok_or(NotaryError::Corrupt("its digest is none"))?,
        DigestAlgorithm::Sha384 | DigestAlgorithm::Sha512 => algorithm.of(&unsigned.covered()),
    };
    let attributes = SignedAttributes::of_seal(&set.signer, &digest)?;
    let mut signed = attributes.complete(&set.path, &staged.signature.0);
    signed.attach_token(&staged.token.0);
    Ok(signed)
}

pub(super) fn filled(unsigned: Unsigned, released: &Released) -> Result<Sealed, NotaryError> {
    let file = unsigned.fill(&released.seal.0).map_err(Unsealable::from)?;
    Ok(Sealed {
        file: file.into(),
        index: released.index,
        seen: Seen::Before,
    })
}

/// `23.11.2026` of an RFC 3339 moment.
fn day(moment: &str) -> String {
    let date = moment.get(..10).unwrap_or_default();
    let mut parts: Vec<_> = date.split('-').collect();
    parts.reverse();
    parts.join(".")
}

/// Unfinished seals that a start goes on with.
const RESUMED_MAX: u32 = 10_000;
/// A token with one certificate of a usual authority.
const TOKEN_BYTES_MAX: usize = 3072;
/// A proof in a log of 2^40 leaves with the signatures of a few witnesses.
const PROOF_BYTES_MAX: usize = 2816;

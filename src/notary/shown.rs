//! What was sealed, found again: for the check, for the holder of the paper, for the issuer.

use std::fmt;

use bytes::Bytes;

use crate::domain::document::{Detail, DocumentCode, DocumentStatus};
use crate::domain::name::{AgencyId, DocumentKind, DocumentNumber};
use crate::domain::person::Person;
use crate::domain::time::Timestamp;
use crate::notary::index::{NumberKey, RevokedSeal, SealKey as By, SealRow, Written};
use crate::notary::leaf::{Commitment, DocumentLeaf, RevokeLeaf, Sha256};
use crate::notary::record::{Names, Octets, Progress, Record, Revocation, code_key};
use crate::notary::{Notary, NotaryError, seal};
use crate::policy::RevokePermit;
use crate::tlog::Leaf;

/// What anyone may know of a document: nothing about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub code: DocumentCode,
    pub kind: DocumentKind,
    pub issuer: AgencyId,
    pub names: Names,
    pub issued_at: Timestamp,
    /// Its place in the documents' log.
    pub index: u64,
    pub commitment: Commitment,
    pub status: DocumentStatus,
    /// The entries of the log and their proofs: of the issue, of the revocation if there is one.
    pub entries: Vec<ProvenEntry>,
}

/// An entry of the documents' log and the text of its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenEntry {
    pub entry: Vec<u8>,
    pub proof: String,
}

/// What the holder of the paper may be shown, before redaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub kind: DocumentKind,
    pub issuer: AgencyId,
    pub number: DocumentNumber,
    pub holder: Person,
    pub issued_at: Timestamp,
    pub status: DocumentStatus,
    pub details: Vec<Detail>,
}

/// A document that its issuer's system names.
pub struct Named {
    row: SealRow,
    record: Record,
    pub shown: Shown,
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Named")
            .field("shown", &self.shown)
            .finish_non_exhaustive()
    }
}

impl Notary {
    /// The document with this code, once it was handed out.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn by_code(&self, code: DocumentCode) -> Result<Option<Known>, NotaryError> {
        self.known(By::Code(code_key(code))).await
    }

    /// The document whose signature covers bytes of this digest.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn by_content(&self, content: Sha256) -> Result<Option<Known>, NotaryError> {
        self.known(By::Content(content)).await
    }

    /// The document that was handed out as a file of this digest.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn by_file(&self, file: Sha256) -> Result<Option<Known>, NotaryError> {
        self.known(By::File(file)).await
    }

    /// What stands in a document, for whoever was permitted to see it.
    ///
    /// # Errors
    /// [`NotaryError::Unknown`] when there is none.
    pub async fn show(&self, code: DocumentCode) -> Result<Shown, NotaryError> {
        let (_, record) = self.found(By::Code(code_key(code))).await?;
        self.shown(&record)
    }

    /// The file as it was handed out.
    ///
    /// # Errors
    /// [`NotaryError::Unknown`] when there is none.
    pub async fn original(&self, code: DocumentCode) -> Result<Bytes, NotaryError> {
        let (row, record) = self.found(By::Code(code_key(code))).await?;
        let unsigned = self.archived(row.code, &record).await?;
        let released = record.released().ok_or(NotaryError::Unknown)?;
        Ok(seal::filled(unsigned, released)?.file)
    }

    /// The document of this number: the asking body's own, else any other's.
    ///
    /// # Errors
    /// [`NotaryError::Unknown`] when nobody gave the number.
    pub async fn named(
        &self,
        asking: &AgencyId,
        number: &DocumentNumber,
    ) -> Result<Named, NotaryError> {
        let others = self.tools.seals.keys().filter(|agency| *agency != asking);
        for agency in std::iter::once(asking).chain(others) {
            let key = NumberKey(Sha256(self.tools.pseudonym.document(agency, number)));
            let Some(row) = self.tools.registrar.find(By::Number(key)).await? else {
                continue;
            };
            let record = self.decrypted(&row)?;
            if record.released().is_some() {
                let shown = self.shown(&record)?;
                return Ok(Named { row, record, shown });
            }
        }
        Err(NotaryError::Unknown)
    }

    /// Revokes a document: from now on every check says so.
    ///
    /// # Errors
    /// [`NotaryError::RevokedAlready`]; [`NotaryError::Unknown`] when the permit is for another
    /// body's documents.
    pub async fn revoke(&self, permit: RevokePermit, named: Named) -> Result<Shown, NotaryError> {
        let Named {
            row,
            mut record,
            shown,
        } = named;
        if permit.issuer() != &record.issuer {
            return Err(NotaryError::Unknown);
        }
        let Progress::Released(released) = &record.progress else {
            return Err(NotaryError::RevokedAlready);
        };
        let at = self.tools.clock.now();
        let leaf = DocumentLeaf::Revoke(RevokeLeaf {
            commitment: commitment(&record)?,
            at,
            issuer: record.issuer.clone(),
        });
        let leaf = leaf.to_bytes();
        let position = self.tools.log.append(Leaf::of(leaf.clone())?).await?;
        let proof = self.tools.log.prove(position).await?.to_text();
        let revocation = Revocation {
            at,
            index: position.index,
            leaf: Octets(leaf),
            proof,
        };
        record.progress = Progress::Revoked(released.clone(), revocation);
        let written = self.tools.registrar.revoke(RevokedSeal {
            code: row.code,
            record: self.encrypted(row.code, &record)?,
        });
        match written.await? {
            Written::Done => Ok(Shown {
                status: record.status(),
                ..shown
            }),
            Written::Conflict => Err(NotaryError::RevokedAlready),
        }
    }

    /// All revoked documents, in the order of revocation, after so many.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn revoked(
        &self,
        after: u64,
        rows_max: u32,
    ) -> Result<Vec<(Commitment, Timestamp)>, NotaryError> {
        let rows = self.tools.registrar.revoked(after, rows_max).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let record = self.decrypted(&row)?;
            if let DocumentStatus::Revoked { at } = record.status() {
                found.push((commitment(&record)?, at));
            }
        }
        Ok(found)
    }

    async fn known(&self, by: By) -> Result<Option<Known>, NotaryError> {
        let Some(row) = self.tools.registrar.find(by).await? else {
            return Ok(None);
        };
        let record = self.decrypted(&row)?;
        let Some(released) = record.released() else {
            return Ok(None);
        };
        let mut entries = vec![ProvenEntry {
            entry: record.leaf.0.clone(),
            proof: released.proof.clone(),
        }];
        if let Progress::Revoked(_, revocation) = &record.progress {
            entries.push(ProvenEntry {
                entry: revocation.leaf.0.clone(),
                proof: revocation.proof.clone(),
            });
        }
        Ok(Some(Known {
            code: record.code,
            kind: record.kind.clone(),
            issuer: record.issuer.clone(),
            names: record.names.clone(),
            issued_at: record.at,
            index: released.index,
            commitment: commitment(&record)?,
            status: record.status(),
            entries,
        }))
    }

    async fn found(&self, by: By) -> Result<(SealRow, Record), NotaryError> {
        let row = self.tools.registrar.find(by).await?;
        let row = row.ok_or(NotaryError::Unknown)?;
        let record = self.decrypted(&row)?;
        Ok((row, record))
    }

    fn shown(&self, record: &Record) -> Result<Shown, NotaryError> {
        let pinfl = record.holder();
        let pinfl = pinfl.ok_or(NotaryError::Corrupt("it names nobody"))?;
        Ok(Shown {
            kind: record.kind.clone(),
            issuer: record.issuer.clone(),
            number: record.number.clone(),
            holder: Person {
                id: self.tools.pseudonym.person(&pinfl),
                pinfl,
            },
            issued_at: record.at,
            status: record.status(),
            details: record.details.clone(),
        })
    }
}

fn commitment(record: &Record) -> Result<Commitment, NotaryError> {
    match DocumentLeaf::parse(&record.leaf.0) {
        Some(DocumentLeaf::Issue(leaf)) => Ok(leaf.commitment),
        Some(DocumentLeaf::Revoke(_)) | None => Err(NotaryError::Corrupt("it has no leaf")),
    }
}

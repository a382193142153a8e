//! What is kept of a document: its record under a key of the house, its file under a key of its own.

use crate::domain::document::Issuance;
use crate::keys::{Bound, Vault};
use crate::notary::index::{CodeKey, NumberKey, SealRow};
use crate::notary::leaf::Sha256;
use crate::notary::record::Record;
use crate::notary::{Notary, NotaryError};
use crate::pdf::Unsigned;

impl Notary {
    /// The archived file of a document, its hole empty.
    pub(super) async fn archived(
        &self,
        code: CodeKey,
        record: &Record,
    ) -> Result<Unsigned, NotaryError> {
        let kept = self.tools.registrar.fetch(code).await?;
        let kept = kept.ok_or(NotaryError::Corrupt("its file is gone"))?;
        let wrapped = &record.file_key.0;
        let secret = self.tools.vault.unwrap(bound(FILE_KEY, &code), wrapped)?;
        let bytes = Vault::new(&secret, &[]).open(bound(FILE, &code), &kept)?;
        Unsigned::restored(bytes, record.hole.0..record.hole.1)
            .ok_or(NotaryError::Corrupt("its file has no hole"))
    }

    pub(super) fn number_key(&self, issuance: &Issuance) -> NumberKey {
        let digest = self
            .tools
            .pseudonym
            .document(&issuance.issuer, &issuance.number);
        NumberKey(Sha256(digest))
    }

    pub(super) fn encrypted(&self, code: CodeKey, record: &Record) -> Result<Vec<u8>, NotaryError> {
        let plain =
            serde_json::to_vec(record).map_err(|_| NotaryError::Corrupt("it cannot be written"))?;
        let random = self.tools.random.as_ref();
        Ok(self
            .tools
            .vault
            .seal(bound(RECORD, &code), &plain, random)?)
    }

    pub(super) fn decrypted(&self, row: &SealRow) -> Result<Record, NotaryError> {
        let plain = self
            .tools
            .vault
            .open(bound(RECORD, &row.code), &row.record)?;
        serde_json::from_slice(&plain).map_err(|_| NotaryError::Corrupt("it is no record"))
    }
}

pub(super) fn bound<'a>(purpose: &'static str, code: &'a CodeKey) -> Bound<'a> {
    Bound {
        purpose,
        place: &code.0.0,
    }
}

const RECORD: &str = "document-record";
pub(super) const FILE: &str = "document-file";
pub(super) const FILE_KEY: &str = "document-file-key";

//! The document index and the archive in memory.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::notary::index::{
    ArchivedDocument, CodeKey, DocumentArchive, NumberKey, SealIndex, SealKey, SealRow, SealStage,
    SealStoreError, SealWrite, Written,
};
use crate::notary::leaf::Sha256;
use crate::store::memory::hold;

/// [`SealIndex`] that ends with the process.
#[derive(Debug, Default)]
pub struct MemorySealIndex(Mutex<Rows>);

/// [`DocumentArchive`] that ends with the process.
#[derive(Debug, Default)]
pub struct MemoryArchive(Mutex<HashMap<CodeKey, Vec<u8>>>);

#[derive(Debug, Default, Clone)]
struct Rows {
    all: Vec<SealRow>,
    codes: HashMap<CodeKey, usize>,
    numbers: HashMap<NumberKey, usize>,
    contents: HashMap<Sha256, usize>,
    files: HashMap<Sha256, usize>,
    revoked: Vec<usize>,
}

impl Rows {
    fn write(&mut self, write: &SealWrite) -> Written {
        match write {
            SealWrite::Stage(seal) => {
                let taken = self.codes.contains_key(&seal.code)
                    || self.numbers.contains_key(&seal.number)
                    || self.contents.contains_key(&seal.content);
                if taken {
                    return Written::Conflict;
                }
                let at = self.all.len();
                self.codes.insert(seal.code, at);
                self.numbers.insert(seal.number, at);
                self.contents.insert(seal.content, at);
                self.all.push(SealRow {
                    code: seal.code,
                    stage: SealStage::Staged,
                    record: seal.record.clone(),
                });
                Written::Done
            }
            SealWrite::Release(seal) => {
                if self.files.contains_key(&seal.file) {
                    return Written::Conflict;
                }
                let next = (SealStage::Staged, SealStage::Released);
                let Some(at) = self.step(&seal.code, next, &seal.record) else {
                    return Written::Conflict;
                };
                self.files.insert(seal.file, at);
                Written::Done
            }
            SealWrite::Revoke(seal) => {
                let next = (SealStage::Released, SealStage::Revoked);
                let Some(at) = self.step(&seal.code, next, &seal.record) else {
                    return Written::Conflict;
                };
                self.revoked.push(at);
                Written::Done
            }
        }
    }

    /// From one stage to the next, if it is there.
    fn step(
        &mut self,
        code: &CodeKey,
        (from, to): (SealStage, SealStage),
        record: &[u8],
    ) -> Option<usize> {
        let at = *self.codes.get(code)?;
        let row = self.all.get_mut(at).filter(|row| row.stage == from)?;
        row.stage = to;
        row.record = record.to_vec();
        Some(at)
    }
}

impl SealIndex for MemorySealIndex {
    fn write(&self, writes: &[SealWrite]) -> Result<Vec<Written>, SealStoreError> {
        let mut rows = hold(&self.0);
        Ok(writes.iter().map(|write| rows.write(write)).collect())
    }

    fn find(&self, key: &SealKey) -> Result<Option<SealRow>, SealStoreError> {
        let rows = hold(&self.0);
        let at = match key {
            SealKey::Code(code) => rows.codes.get(code),
            SealKey::Number(number) => rows.numbers.get(number),
            SealKey::Content(content) => rows.contents.get(content),
            SealKey::File(file) => rows.files.get(file),
        };
        Ok(at.and_then(|at| rows.all.get(*at)).cloned())
    }

    fn revoked(&self, after: u64, rows_max: u32) -> Result<Vec<SealRow>, SealStoreError> {
        let rows = hold(&self.0);
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        let found = rows.revoked.iter().skip(after).take(rows_max as usize);
        Ok(found.filter_map(|at| rows.all.get(*at)).cloned().collect())
    }

    fn staged(&self, rows_max: u32) -> Result<Vec<SealRow>, SealStoreError> {
        let rows = hold(&self.0);
        let staged = rows.all.iter().filter(|row| row.stage == SealStage::Staged);
        Ok(staged.take(rows_max as usize).cloned().collect())
    }
}

impl DocumentArchive for MemoryArchive {
    fn keep(&self, documents: &[ArchivedDocument]) -> Result<(), SealStoreError> {
        let mut kept = hold(&self.0);
        for document in documents {
            kept.insert(document.code, document.encrypted.clone());
        }
        Ok(())
    }

    fn fetch(&self, code: &CodeKey) -> Result<Option<Vec<u8>>, SealStoreError> {
        Ok(hold(&self.0).get(code).cloned())
    }
}

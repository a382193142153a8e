//! The thread that writes both stores: steps that wait are committed together.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::notary::index::registrar::RegistrarError;
use crate::notary::index::registrar::known::Known;
use crate::notary::index::{
    ArchivedDocument, CodeKey, DocumentArchive, ReleasedSeal, RevokedSeal, SealIndex, SealKey,
    SealStoreError, SealWrite, StagedSeal, Written,
};

/// One step of one seal, with what it brings.
#[derive(Debug)]
pub(super) enum Step {
    Stage(StagedSeal, ArchivedDocument),
    Release(ReleasedSeal),
    Revoke(RevokedSeal),
}

/// One step that waits, and who waits for it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) step: Step,
    pub(super) answer: oneshot::Sender<Result<Written, RegistrarError>>,
}

#[derive(Debug)]
pub(super) struct Writer {
    pub(super) index: Arc<dyn SealIndex>,
    pub(super) archive: Arc<dyn DocumentArchive>,
    pub(super) known: Arc<Known>,
    pub(super) batch_writes_max: usize,
}

impl Writer {
    /// Writes until no one can ask for anything any more, or until something is in doubt. Batches
    /// follow each other without a timer.
    pub(super) fn run(self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < self.batch_writes_max {
                let Ok(next) = requests.try_recv() else { break };
                batch.push(next);
            }
            let (steps, answers): (Vec<_>, Vec<_>) = batch
                .into_iter()
                .map(|request| (request.step, request.answer))
                .unzip();
            match self.commit(steps) {
                Ok(outcomes) => {
                    for (answer, outcome) in answers.into_iter().zip(outcomes) {
                        // One who has gone away finds the seal by its number.
                        let _ = answer.send(outcome);
                    }
                }
                Err(error) => {
                    // Before those who wait learn of it by their dropped requests, so that none of
                    // them finds the registrar still open.
                    requests.close();
                    let cause: &dyn std::error::Error = &error;
                    tracing::error!(target: "muhrdor::documents", cause, "no more seals are made");
                    return;
                }
            }
        }
    }

    /// Writes one batch; one outcome for each step, in the same order. An error means that it is
    /// not known what was written.
    fn commit(
        &self,
        steps: Vec<Step>,
    ) -> Result<Vec<Result<Written, RegistrarError>>, SealStoreError> {
        let (fates, documents) = self.plan(steps)?;
        let kept = documents.is_empty() || has_space(self.archive.keep(&documents))?.is_some();
        let mut writes = Vec::new();
        let fates: Vec<Fate> = fates
            .into_iter()
            .map(|planned| match planned {
                Planned::Conflict | Planned::Write(SealWrite::Stage(_)) if !kept => Fate::NoSpace,
                Planned::Conflict => Fate::Conflict,
                Planned::Write(write) => {
                    writes.push(write);
                    Fate::Indexed
                }
            })
            .collect();
        let Some(indexed) = self.index(&writes)? else {
            let refused = fates.iter().map(|_| Err(RegistrarError::NoSpace));
            return Ok(refused.collect());
        };
        let mut indexed = indexed.into_iter();
        let outcomes = fates.into_iter().map(|fate| match fate {
            Fate::NoSpace => Err(RegistrarError::NoSpace),
            Fate::Conflict => Ok(Written::Conflict),
            Fate::Indexed => indexed.next().ok_or(RegistrarError::Stopped),
        });
        Ok(outcomes.collect())
    }

    /// Finds conflicts before anything is kept: a document in the archive must not be replaced by
    /// that of a seal which the index then refuses. Nobody else writes, so what is free stays free.
    fn plan(
        &self,
        steps: Vec<Step>,
    ) -> Result<(Vec<Planned>, Vec<ArchivedDocument>), SealStoreError> {
        let mut taken = HashSet::new();
        let mut documents = Vec::new();
        let mut planned = Vec::with_capacity(steps.len());
        for step in steps {
            planned.push(match step {
                Step::Stage(seal, document) => {
                    let keys = [
                        SealKey::Code(seal.code),
                        SealKey::Number(seal.number),
                        SealKey::Content(seal.content),
                    ];
                    if self.any_taken(&keys, &taken)? {
                        Planned::Conflict
                    } else {
                        taken.extend(keys);
                        documents.push(document);
                        Planned::Write(SealWrite::Stage(seal))
                    }
                }
                Step::Release(seal) => Planned::Write(SealWrite::Release(seal)),
                Step::Revoke(seal) => Planned::Write(SealWrite::Revoke(seal)),
            });
        }
        Ok((planned, documents))
    }

    fn any_taken(
        &self,
        keys: &[SealKey],
        by_this_batch: &HashSet<SealKey>,
    ) -> Result<bool, SealStoreError> {
        for key in keys {
            if by_this_batch.contains(key) || self.index.find(key)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// One outcome for each write; `None` when there was no space and nothing was written.
    fn index(&self, writes: &[SealWrite]) -> Result<Option<Vec<Written>>, SealStoreError> {
        if writes.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let written = has_space(self.index.write(writes))?;
        let codes: Vec<CodeKey> = writes.iter().map(code_of).collect();
        self.known.written(&codes);
        Ok(written)
    }
}

/// What becomes of a step, before anything is written.
#[derive(Debug)]
enum Planned {
    Write(SealWrite),
    Conflict,
}

/// What becomes of a step once the documents of its batch are kept, or are not.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Its outcome is the next one of the index.
    Indexed,
    Conflict,
    /// Also of what is in conflict with a seal of this very batch that found no space.
    NoSpace,
}

/// Tells a refusal for want of space, `None`, from doubt.
fn has_space<T>(result: Result<T, SealStoreError>) -> Result<Option<T>, SealStoreError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(SealStoreError::NoSpace) => Ok(None),
        Err(doubt @ SealStoreError::Broken { .. }) => Err(doubt),
    }
}

fn code_of(write: &SealWrite) -> CodeKey {
    match write {
        SealWrite::Stage(seal) => seal.code,
        SealWrite::Release(seal) => seal.code,
        SealWrite::Revoke(seal) => seal.code,
    }
}

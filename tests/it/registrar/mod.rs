//! The registrar, at its boundary.

mod faults;
mod steps;
pub(crate) mod stores;

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use muhrdor::notary::index::{
    ArchivedDocument, CodeKey, NumberKey, Registrar, RegistrarError, RegistrarOptions,
    ReleasedSeal, RevokedSeal, SealKey, SealStage, StagedSeal, Written,
};
use muhrdor::notary::leaf::Sha256;
use tokio::task::{self, JoinHandle};

use stores::{Kept, Plan, PlannedArchive, PlannedIndex};

const OPTIONS: RegistrarOptions = RegistrarOptions {
    queue_writes_max: 1_000,
    batch_writes_max: 100,
};

/// A registrar whose stores do as planned.
pub(crate) fn start(kept: &Kept, plan: &Arc<Plan>, options: RegistrarOptions) -> Arc<Registrar> {
    let index = PlannedIndex(Arc::clone(&kept.index), Arc::clone(plan));
    let archive = PlannedArchive(Arc::clone(&kept.archive), Arc::clone(plan));
    Arc::new(Registrar::start(Arc::new(index), Arc::new(archive), options).unwrap())
}

/// One whose stores do nothing but count.
fn started() -> (Arc<Registrar>, Kept, Arc<Plan>) {
    let (kept, plan) = (Kept::default(), Arc::default());
    (start(&kept, &plan, OPTIONS), kept, plan)
}

async fn close(registrar: Arc<Registrar>) {
    Arc::into_inner(registrar).unwrap().close().await;
}

/// One step of seal `n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Stage,
    Release,
    Revoke,
}

async fn take(registrar: &Registrar, step: Step, n: u64) -> Result<Written, RegistrarError> {
    match step {
        Step::Stage => registrar.stage(seal(n), document(n)).await,
        Step::Release => registrar.release(released(n)).await,
        Step::Revoke => registrar.revoke(revoked(n)).await,
    }
}

/// All steps of one seal, which come one after the other.
const WAY: [(Step, SealStage); 3] = [
    (Step::Stage, SealStage::Staged),
    (Step::Release, SealStage::Released),
    (Step::Revoke, SealStage::Revoked),
];

/// Begins a step that waits until the writer comes to it.
async fn begin(
    registrar: &Arc<Registrar>,
    step: Step,
    n: u64,
) -> JoinHandle<Result<Written, RegistrarError>> {
    let registrar = Arc::clone(registrar);
    let begun = task::spawn(async move { take(&registrar, step, n).await });
    // One thread runs all tasks of a test: the step is in the queue when this one runs again.
    task::yield_now().await;
    begun
}

/// Waits, without holding up the tasks of the test, until someone has come to a gate.
async fn arrival(coming: Receiver<()>) {
    task::spawn_blocking(move || coming.recv().unwrap())
        .await
        .unwrap();
}

fn seal(n: u64) -> StagedSeal {
    StagedSeal {
        code: code(n),
        number: NumberKey(digest(b"number", n)),
        content: digest(b"content", n),
        record: record(Step::Stage, n),
    }
}

fn document(n: u64) -> ArchivedDocument {
    ArchivedDocument {
        code: code(n),
        encrypted: format!("document {n}").into_bytes(),
    }
}

fn released(n: u64) -> ReleasedSeal {
    ReleasedSeal {
        code: code(n),
        file: digest(b"file", n),
        record: record(Step::Release, n),
    }
}

fn revoked(n: u64) -> RevokedSeal {
    RevokedSeal {
        code: code(n),
        record: record(Step::Revoke, n),
    }
}

fn record(step: Step, n: u64) -> Vec<u8> {
    format!("{step:?} {n}").into_bytes()
}

fn code(n: u64) -> CodeKey {
    CodeKey(digest(b"code", n))
}

fn by_code(n: u64) -> SealKey {
    SealKey::Code(code(n))
}

fn digest(kind: &[u8], n: u64) -> Sha256 {
    Sha256::of(&[kind, &n.to_be_bytes()])
}

//! The append-only log, at its boundary.

pub(crate) mod altered;
mod audit;
mod crash;
pub(crate) mod faults;
mod notes;
mod open;
mod rows;
mod tree;
mod write;

use std::sync::{Arc, Mutex};

use muhrdor::keys::{Algorithm, Signer, SoftSigner};
use muhrdor::store::memory::{MemoryLock, MemoryTiles};
use muhrdor::tlog::note::{NoteName, NoteSigner};
use muhrdor::tlog::proof::{TileReader, check_consistency};
use muhrdor::tlog::sequencer::Stores;
use muhrdor::tlog::{
    Checkpoint, EntryBundles, Fatal, Leaf, Options, Position, Tlog, TlogError, TreeHead,
};
use ring::rand::SystemRandom;
use tokio::task::JoinSet;

pub(crate) fn ed25519() -> Arc<dyn Signer> {
    let pkcs8 = SoftSigner::generate(Algorithm::Ed25519, &SystemRandom::new()).unwrap();
    Arc::new(SoftSigner::from_pkcs8(&pkcs8).unwrap())
}

pub(crate) fn note_signer(name: &str) -> NoteSigner {
    NoteSigner::new(NoteName::parse(name).unwrap(), ed25519()).unwrap()
}

pub(crate) fn memory_stores() -> Stores {
    Stores {
        tiles: Arc::new(MemoryTiles::default()),
        lock: Arc::new(MemoryLock::default()),
    }
}

pub(crate) fn options() -> Options {
    Options {
        entries: EntryBundles::Published,
        queue_entries_max: 100_000,
        batch_entries_max: 10_000,
        first_positions: None,
    }
}

/// A handle that notes what it was told instead of stopping the process.
pub(crate) fn noted() -> (Fatal, Arc<Mutex<Vec<String>>>) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let noting = Arc::clone(&said);
    let fatal = Fatal::new(move |what| noting.lock().unwrap().push(what.to_owned()));
    (fatal, said)
}

/// A handle for a log that is not expected to stop.
pub(crate) fn unexpected() -> Fatal {
    Fatal::new(|what| panic!("stopped: {what}"))
}

pub(crate) fn open(stores: &Stores, signer: &NoteSigner) -> Result<Tlog, TlogError> {
    Tlog::open(stores.clone(), signer.clone(), options(), unexpected())
}

/// Appends all entries at once and gives each its answer.
pub(crate) async fn append_all(
    log: &Arc<Tlog>,
    entries: impl Iterator<Item = Vec<u8>>,
) -> Vec<(Vec<u8>, Result<Position, TlogError>)> {
    let mut tasks = JoinSet::new();
    for entry in entries {
        let log = Arc::clone(log);
        tasks.spawn(async move {
            let done = log.append(Leaf::of(entry.clone()).unwrap()).await;
            (entry, done)
        });
    }
    tasks.join_all().await
}

pub(crate) fn numbered(range: std::ops::Range<u32>) -> impl Iterator<Item = Vec<u8>> {
    range.map(|n| format!("entry {n}").into_bytes())
}

/// Checks, from the tiles alone, that `new` goes on from `old`.
pub(crate) fn check_goes_on(stores: &Stores, old: &TreeHead, new: &TreeHead) {
    let proof = TileReader::new(stores.tiles.as_ref(), new.size)
        .consistency(old.size)
        .unwrap();
    check_consistency(old, new, &proof).unwrap();
}

pub(crate) fn head_of(note: &str, signer: &NoteSigner) -> TreeHead {
    Checkpoint::open(note, signer.verifier()).unwrap().head
}

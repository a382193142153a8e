//! The thread that writes.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::Stopwatch;
use crate::telemetry::meters::Commits;
use crate::tlog::checkpoint::Origin;
use crate::tlog::hash::Hash;
use crate::tlog::note::NoteSigner;
use crate::tlog::sequencer::edge::{Edge, Tiles};
use crate::tlog::sequencer::recover::Resumed;
use crate::tlog::sequencer::{
    Fatal, Leaf, Options, Position, Published, Stores, TlogError, checkpoint, stage,
};
use crate::tlog::storage::StorageError;

/// Leaves that wait to be written together, and who waits for them.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) leaves: Vec<Leaf>,
    pub(super) answer: oneshot::Sender<Result<Vec<Position>, TlogError>>,
}

#[derive(Debug)]
pub(super) struct Writer {
    stores: Stores,
    signer: NoteSigner,
    options: Options,
    edge: Edge,
    /// What the lock holds.
    note: Arc<str>,
    publish: watch::Sender<Published>,
    commits: Commits,
}

/// A batch with the positions of each request.
struct Batch {
    /// The leaves that are new, in order.
    leaves: Vec<Leaf>,
    placed: Vec<Placed>,
}

/// A request whose leaves have their positions.
struct Placed {
    positions: Vec<Position>,
    answer: oneshot::Sender<Result<Vec<Position>, TlogError>>,
}

impl Writer {
    pub(super) fn new(
        stores: Stores,
        signer: NoteSigner,
        options: Options,
        resumed: Resumed,
        publish: watch::Sender<Published>,
    ) -> Self {
        let commits = Commits::of_log(signer.verifier().name().as_str());
        Self {
            stores,
            signer,
            options,
            edge: resumed.edge,
            note: resumed.note,
            publish,
            commits,
        }
    }

    /// Writes until no one can append any more, or until something is in doubt.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>, fatal: &Fatal) {
        while let Some(first) = requests.blocking_recv() {
            let mut leaves = first.leaves.len();
            let mut batch = vec![first];
            while leaves < self.options.batch_entries_max {
                let Ok(next) = requests.try_recv() else { break };
                leaves += next.leaves.len();
                batch.push(next);
            }
            if let Err(error) = self.commit(batch) {
                // Whoever waits learns that the log has stopped when their request is dropped.
                fatal.stop(&error);
                return;
            }
        }
    }

    /// Writes one batch. An error means that it is not known what was written.
    fn commit(&mut self, requests: Vec<Request>) -> Result<(), TlogError> {
        let batch = self.place(requests)?;
        if batch.leaves.is_empty() {
            answer(batch);
            return Ok(());
        }
        let stopwatch = Stopwatch::start();
        let mut edge = self.edge.clone();
        let mut tiles = Tiles::new();
        edge.extend(batch.leaves.iter(), &mut tiles)
            .ok_or(TlogError::NoEntry)?;
        let head = edge.head();
        let bundle = stage::encode(&tiles).ok_or(TlogError::NoEntry)?;
        match self.stores.tiles.stage(&head, &bundle) {
            Ok(()) => {}
            Err(StorageError::NoSpace) => {
                refuse(batch);
                return Ok(());
            }
            Err(error @ (StorageError::Broken { .. } | StorageError::Changed(_))) => {
                return Err(error.into());
            }
        }
        let checkpoint = checkpoint(self.signer.verifier(), head)?;
        let note: Arc<str> = checkpoint.sign(&self.signer)?.into();
        self.swap(&checkpoint.origin, &note)?;
        // From here on the entries are in the log, whatever happens.
        let from = self.edge.size();
        let hashes: Vec<Hash> = batch.leaves.iter().map(Leaf::hash).collect();
        self.edge = edge;
        answer(batch);
        self.stores.tiles.write_tiles(&tiles)?;
        self.stores.tiles.publish(&note)?;
        self.publish.send_replace(Published { head, note });
        self.commits.committed(hashes.len(), stopwatch.read());
        if let Some(index) = &self.options.first_positions {
            index.learn(from, &hashes)?;
        }
        Ok(self.stores.tiles.discard_staged(head.size)?)
    }

    fn swap(&mut self, origin: &Origin, note: &Arc<str>) -> Result<(), TlogError> {
        self.stores.lock.replace(origin, &self.note, note)?;
        self.note = Arc::clone(note);
        Ok(())
    }

    /// Gives each leaf its position: that of its first writing where the log looks for it.
    fn place(&self, requests: Vec<Request>) -> Result<Batch, TlogError> {
        let mut batch = Batch {
            leaves: Vec::with_capacity(requests.len()),
            placed: Vec::with_capacity(requests.len()),
        };
        let mut here: HashMap<Hash, u64> = HashMap::new();
        for Request { leaves, answer } in requests {
            let mut positions = Vec::with_capacity(leaves.len());
            for leaf in leaves {
                let next = self.edge.size() + batch.leaves.len() as u64;
                let first = self.first(&leaf, &here)?;
                if first.is_none() {
                    here.insert(leaf.hash(), next);
                    batch.leaves.push(leaf);
                }
                positions.push(Position {
                    index: first.unwrap_or(next),
                });
            }
            batch.placed.push(Placed { positions, answer });
        }
        Ok(batch)
    }

    /// Where the leaf stands already: in this batch, or in the log.
    fn first(&self, leaf: &Leaf, here: &HashMap<Hash, u64>) -> Result<Option<u64>, TlogError> {
        let Some(firsts) = &self.options.first_positions else {
            return Ok(None);
        };
        match here.get(&leaf.hash()) {
            Some(first) => Ok(Some(*first)),
            None => Ok(firsts.first(&leaf.hash())?),
        }
    }
}

/// Tells everyone their positions; one who has gone away is not missed.
fn answer(batch: Batch) {
    for Placed { positions, answer } in batch.placed {
        let _ = answer.send(Ok(positions));
    }
}

fn refuse(batch: Batch) {
    for Placed { answer, .. } in batch.placed {
        let _ = answer.send(Err(TlogError::NoSpace));
    }
}

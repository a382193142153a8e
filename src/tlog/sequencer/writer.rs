//! The thread that writes.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use crate::tlog::checkpoint::Origin;
use crate::tlog::hash::Hash;
use crate::tlog::note::NoteSigner;
use crate::tlog::sequencer::edge::{Edge, Tiles};
use crate::tlog::sequencer::recover::Resumed;
use crate::tlog::sequencer::{
    Fatal, Leaf, Options, Position, Published, Stores, TlogError, checkpoint, stage,
};
use crate::tlog::storage::StorageError;

/// One leaf that waits, and who waits for it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) leaf: Leaf,
    pub(super) answer: oneshot::Sender<Result<Position, TlogError>>,
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
}

/// A batch with a position for each request.
struct Batch {
    /// The leaves that are new, in order.
    leaves: Vec<Leaf>,
    answers: Vec<(oneshot::Sender<Result<Position, TlogError>>, Position)>,
}

impl Writer {
    pub(super) fn new(
        stores: Stores,
        signer: NoteSigner,
        options: Options,
        resumed: Resumed,
        publish: watch::Sender<Published>,
    ) -> Self {
        Self {
            stores,
            signer,
            options,
            edge: resumed.edge,
            note: resumed.note,
            publish,
        }
    }

    /// Writes until no one can append any more, or until something is in doubt.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>, fatal: &Fatal) {
        while let Some(first) = requests.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < self.options.batch_entries_max {
                let Ok(next) = requests.try_recv() else { break };
                batch.push(next);
            }
            if let Err(error) = self.commit(batch) {
                // Whoever waits learns that the log has stopped when the queue is dropped.
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

    /// Gives each request its position: that of its first writing where the log looks for it.
    fn place(&self, requests: Vec<Request>) -> Result<Batch, TlogError> {
        let mut batch = Batch {
            leaves: Vec::with_capacity(requests.len()),
            answers: Vec::with_capacity(requests.len()),
        };
        let mut here: HashMap<Hash, u64> = HashMap::new();
        for Request { leaf, answer } in requests {
            let mut index = self.edge.size() + batch.leaves.len() as u64;
            let mut first = None;
            if let Some(firsts) = &self.options.first_positions {
                first = match here.get(&leaf.hash()) {
                    Some(first) => Some(*first),
                    None => firsts.first(&leaf.hash())?,
                };
                here.entry(leaf.hash()).or_insert(index);
            }
            match first {
                Some(first) => index = first,
                None => batch.leaves.push(leaf),
            }
            batch.answers.push((answer, Position { index }));
        }
        Ok(batch)
    }
}

/// Tells everyone their position; one who has gone away is not missed.
fn answer(batch: Batch) {
    for (answer, position) in batch.answers {
        let _ = answer.send(Ok(position));
    }
}

fn refuse(batch: Batch) {
    for (answer, _) in batch.answers {
        let _ = answer.send(Err(TlogError::NoSpace));
    }
}

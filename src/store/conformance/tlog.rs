//! What the stores of a log must keep.

use std::sync::Arc;

use crate::store::conformance::{Breach, done, hold_to};
use crate::tlog::storage::{CheckpointLock, LeafIndex, LockError, StorageError, TileStorage};
use crate::tlog::tile::{Row, TILE_WIDTH, TilePath};
use crate::tlog::{Hash, Origin, TreeHead};

/// Holds an empty [`TileStorage`] to its promises.
pub fn tile_storage(reopen: &dyn Fn() -> Arc<dyn TileStorage>) -> Result<(), Breach> {
    let store = reopen();
    hold_to(
        done(store.published())?.is_none(),
        "a new log has no checkpoint",
    )?;
    staging(reopen)?;
    tiles(reopen)?;
    done(store.publish("first\n"))?;
    done(store.publish("second\n"))?;
    let note = done(reopen().published())?;
    hold_to(
        note.as_deref() == Some("second\n"),
        "the last published checkpoint stays",
    )
}

fn staging(reopen: &dyn Fn() -> Arc<dyn TileStorage>) -> Result<(), Breach> {
    let head = |size, leaf: &[u8]| TreeHead {
        size,
        root: Hash::leaf(leaf),
    };
    let (small, large, fork) = (head(3, b"a"), head(300, b"b"), head(300, b"c"));
    let store = reopen();
    hold_to(
        done(store.staged(&small))?.is_none(),
        "nothing is staged at first",
    )?;
    for (head, bundle) in [
        (&small, b"one"),
        (&large, b"two"),
        (&fork, b"old"),
        (&fork, b"new"),
    ] {
        done(store.stage(head, bundle))?;
    }
    let staged = |head: &TreeHead| done(reopen().staged(head));
    hold_to(
        staged(&small)?.as_deref() == Some(b"one"),
        "what was staged stays",
    )?;
    hold_to(
        staged(&large)?.as_deref() == Some(b"two"),
        "bundles of one size stay apart",
    )?;
    hold_to(
        staged(&fork)?.as_deref() == Some(b"new"),
        "staging again replaces",
    )?;
    done(store.discard_staged(299))?;
    hold_to(staged(&small)?.is_none(), "what is discarded is gone")?;
    hold_to(staged(&large)?.is_some(), "larger trees are not discarded")
}

fn tiles(reopen: &dyn Fn() -> Arc<dyn TileStorage>) -> Result<(), Breach> {
    let path = |index, width| {
        TilePath::new(Row::Level(0), index, width).ok_or(Breach("no such tile".to_owned()))
    };
    let (partial, full, far) = (path(0, 2)?, path(0, TILE_WIDTH)?, path(1_234_067, 1)?);
    let entries = TilePath::new(Row::Entries, 0, 2).ok_or(Breach("no such tile".to_owned()))?;
    let store = reopen();
    hold_to(
        done(store.read_tile(&partial))?.is_none(),
        "a tile is absent before it is written",
    )?;
    let written = [
        (partial, vec![1; 64]),
        (far, vec![2; 32]),
        (entries, vec![0; 4]),
    ];
    done(store.write_tiles(&written))?;
    for (path, bytes) in &written {
        let read = done(reopen().read_tile(path))?;
        hold_to(
            read.as_ref() == Some(bytes),
            "a tile stays as it was written",
        )?;
    }
    hold_to(
        done(store.read_tile(&full))?.is_none(),
        "a partial tile is not a full one",
    )?;
    done(store.write_tiles(&written))?;
    let changed = store.write_tiles(&[(far, vec![3; 32])]);
    hold_to(
        matches!(changed, Err(StorageError::Changed(path)) if path == far),
        "a tile never changes",
    )?;
    done(store.write_tiles(&[(full, vec![1; 8192])]))?;
    let read = done(reopen().read_tile(&full))?;
    hold_to(
        read.is_some_and(|bytes| bytes.len() == 8192),
        "a full tile is read whole",
    )
}

/// Holds an empty [`CheckpointLock`] to its promises.
pub fn checkpoint_lock(reopen: &dyn Fn() -> Arc<dyn CheckpointLock>) -> Result<(), Breach> {
    let (log, other) = (
        done(Origin::parse("log/one"))?,
        done(Origin::parse("log/two"))?,
    );
    let lock = reopen();
    hold_to(
        done(lock.fetch(&log))?.is_none(),
        "there is no lock before it is created",
    )?;
    let unmade = lock.replace(&log, "", "x");
    hold_to(
        matches!(unmade, Err(LockError::Lost(_))),
        "replacing never creates",
    )?;
    done(lock.create(&log, "zero"))?;
    let again = lock.create(&log, "zero");
    hold_to(
        matches!(again, Err(LockError::Exists(_))),
        "a lock is created once",
    )?;
    done(lock.create(&other, "another"))?;
    done(lock.replace(&log, "zero", "one"))?;
    for stale in ["zero", "one ", ""] {
        let lost = reopen().replace(&log, stale, "two");
        hold_to(
            matches!(lost, Err(LockError::Lost(_))),
            "only the newest can be replaced",
        )?;
    }
    let held = done(reopen().fetch(&log))?;
    hold_to(
        held.as_deref() == Some("one"),
        "the lock holds what was written last",
    )?;
    let held = done(reopen().fetch(&other))?;
    hold_to(
        held.as_deref() == Some("another"),
        "logs do not share a lock",
    )?;
    one_winner(reopen, &log)
}

/// Many writers with the same old value: one of them wins.
fn one_winner(reopen: &dyn Fn() -> Arc<dyn CheckpointLock>, log: &Origin) -> Result<(), Breach> {
    let writers: Vec<_> = (0..4).map(|writer| (writer, reopen())).collect();
    let results: Vec<bool> = std::thread::scope(|scope| {
        let running: Vec<_> = writers
            .iter()
            .map(|(writer, lock)| {
                scope.spawn(move || lock.replace(log, "one", &format!("by {writer}")).is_ok())
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap_or(false))
            .collect()
    });
    hold_to(
        results.iter().filter(|won| **won).count() == 1,
        "one writer wins",
    )?;
    let winner = results.iter().position(|won| *won);
    let held = done(reopen().fetch(log))?;
    let expected = winner.map(|winner| format!("by {winner}"));
    hold_to(held == expected, "the lock holds what the winner wrote")
}

/// Holds an empty [`LeafIndex`] to its promises.
pub fn leaf_index(index: &dyn LeafIndex) -> Result<(), Breach> {
    let leaf = |n: u8| Hash::leaf(&[n]);
    hold_to(done(index.covered())? == 0, "an empty index covers nothing")?;
    done(index.learn(0, &[leaf(1), leaf(2), leaf(1)]))?;
    done(index.learn(3, &[leaf(2), leaf(3)]))?;
    hold_to(done(index.covered())? == 5, "it covers what it learnt")?;
    for (n, first) in [(1, Some(0)), (2, Some(1)), (3, Some(4)), (4, None)] {
        hold_to(
            done(index.first(&leaf(n)))? == first,
            "the first position counts",
        )?;
    }
    hold_to(
        index.learn(9, &[leaf(9)]).is_err(),
        "it learns without gaps",
    )?;
    hold_to(
        index.learn(0, &[leaf(9)]).is_err(),
        "it learns nothing twice",
    )?;
    hold_to(
        done(index.covered())? == 5,
        "what it refused it did not learn",
    )
}

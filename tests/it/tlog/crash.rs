//! A stop at any write: what was acknowledged is there afterwards, and nothing contradicts.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use muhrdor::store::embedded::{FileTiles, SqliteLock};
use muhrdor::tlog::note::NoteSigner;
use muhrdor::tlog::sequencer::Stores;
use muhrdor::tlog::{Hash, Position, Tlog, TlogError, TreeHead};

use crate::tlog::faults::{Half, Plan, failing};
use crate::tlog::{
    append_all, check_goes_on, head_of, memory_stores, note_signer, noted, numbered, open, options,
};

/// What the world has seen of a log: answers and checkpoints.
#[derive(Default)]
struct Seen {
    acknowledged: Vec<(Vec<u8>, Position)>,
    heads: Vec<TreeHead>,
}

impl Seen {
    async fn append(&mut self, log: &Arc<Tlog>, range: std::ops::Range<u32>) {
        for (entry, answer) in append_all(log, numbered(range)).await {
            match answer {
                Ok(position) => self.acknowledged.push((entry, position)),
                Err(TlogError::Stopped) => {}
                Err(other) => panic!("{other}"),
            }
        }
        self.heads.push(log.published().head);
    }

    /// Everything seen is true of the log as it is now.
    async fn check(&self, stores: &Stores, log: &Tlog) {
        let now = log.published().head;
        for head in &self.heads {
            check_goes_on(stores, head, &now);
        }
        for (entry, position) in &self.acknowledged {
            assert!(position.index < now.size, "an acknowledged entry is lost");
            let proof = log.prove(*position).await.unwrap();
            proof.check(Hash::leaf(entry), log.verifier()).unwrap();
        }
    }
}

/// Runs a log whose `writes`-th write fails, opens it again, and looks.
async fn survive(stores: Stores, signer: NoteSigner, writes: i64, half: Half) -> bool {
    Tlog::create(&stores, &signer).unwrap();
    let mut seen = Seen::default();
    let log = Arc::new(open(&stores, &signer).unwrap());
    seen.append(&log, 0..250).await;
    // A few of them are looked at again each time; the later ones all are.
    seen.acknowledged.truncate(10);
    drop(log);

    let plan = Plan::fail_after(writes, half);
    let (fatal, said) = noted();
    let failing = failing(&stores, &plan);
    let log = Tlog::open(failing, signer.clone(), options(), fatal).unwrap();
    let log = Arc::new(log);
    for batch in 0..4 {
        let first = 250 + batch * 3;
        seen.append(&log, first..first + 3).await;
    }
    drop(log);
    let failed = plan.has_failed();
    assert_eq!(
        said.lock().unwrap().len(),
        usize::from(failed),
        "it stops once"
    );
    assert_eq!(
        plan.written_after.load(Ordering::SeqCst),
        0,
        "it writes no more"
    );
    let note = stores.tiles.published().unwrap().unwrap();
    seen.heads.push(head_of(&note, &signer));

    let log = Arc::new(open(&stores, &signer).unwrap());
    seen.check(&stores, &log).await;
    seen.append(&log, 1000..1020).await;
    drop(log);
    let log = open(&stores, &signer).unwrap();
    seen.check(&stores, &log).await;
    failed
}

#[tokio::test]
async fn l3_a_fault_in_any_half_of_any_write_loses_nothing_and_forks_nothing() {
    for half in [Half::Before, Half::Middle, Half::After] {
        let mut writes = 0;
        while survive(memory_stores(), note_signer("log"), writes, half).await {
            writes += 1;
        }
        // Each of at least four commits is stage, swap, tiles, checkpoint, tidying.
        assert!(writes >= 20, "{writes}");
    }
}

#[tokio::test]
async fn the_same_holds_on_disk() {
    for half in [Half::Before, Half::Middle, Half::After] {
        for writes in 0..6 {
            let folder = tempfile::tempdir().unwrap();
            let tiles = folder.path().join("tiles");
            let stores = Stores {
                tiles: Arc::new(FileTiles::create(&tiles, 0).unwrap()),
                lock: Arc::new(SqliteLock::create(&folder.path().join("lock.sqlite")).unwrap()),
            };
            assert!(survive(stores, note_signer("log"), writes, half).await);
        }
    }
}

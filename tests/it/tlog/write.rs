//! Appending, proving, refusing.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use muhrdor::store::memory::MemoryLeafIndex;
use muhrdor::tlog::hash::root_of;
use muhrdor::tlog::tile::{Row, TilePath, decode_entries};
use muhrdor::tlog::{EntryBundles, Hash, Leaf, Options, Position, Tlog, TlogError};

use crate::tlog::faults::{Plan, failing};
use crate::tlog::{
    append_all, head_of, memory_stores, note_signer, numbered, open, options, unexpected,
};

#[tokio::test]
async fn each_entry_gets_its_own_position_and_its_proof() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let log = Arc::new(open(&stores, &signer).unwrap());
    let mut answers = Vec::new();
    for range in [0..1, 1..256, 256..257, 257..1000] {
        answers.extend(append_all(&log, numbered(range)).await);
    }
    let mut entries = vec![Vec::new(); 1000];
    for (entry, answer) in answers {
        let position = answer.unwrap();
        let proof = log.prove(position).await.unwrap();
        proof.check(Hash::leaf(&entry), log.verifier()).unwrap();
        let place = &mut entries[usize::try_from(position.index).unwrap()];
        assert!(place.is_empty(), "one entry a position");
        *place = entry;
    }
    let leaves: Vec<Hash> = entries.iter().map(|entry| Hash::leaf(entry)).collect();
    assert_eq!(log.published().head.root, root_of(&leaves));
    let full = TilePath::new(Row::Entries, 2, 256).unwrap();
    let bundle = stores.tiles.read_tile(&full).unwrap().unwrap();
    assert_eq!(decode_entries(&full, &bundle).unwrap(), entries[512..768]);
}

#[tokio::test]
async fn a_log_goes_on_where_it_ended() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    for (n, size) in [(0, 255), (255, 257), (257, 512), (512, 513)] {
        let log = Arc::new(open(&stores, &signer).unwrap());
        append_all(&log, numbered(n..size)).await;
        Arc::into_inner(log).unwrap().close().await;
        let note = stores.tiles.published().unwrap().unwrap();
        assert_eq!(head_of(&note, &signer).size, u64::from(size));
    }
}

#[tokio::test]
async fn closing_writes_what_waits() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let log = Arc::new(open(&stores, &signer).unwrap());
    let answers = append_all(&log, numbered(0..50)).await;
    assert!(answers.iter().all(|(_, answer)| answer.is_ok()));
    Arc::into_inner(log).unwrap().close().await;
    let note = stores.tiles.published().unwrap().unwrap();
    assert_eq!(head_of(&note, &signer).size, 50);
}

#[tokio::test]
async fn with_an_index_a_leaf_that_comes_again_keeps_its_first_position() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let with_index = Options {
        first_positions: Some(Arc::new(MemoryLeafIndex::default())),
        ..options()
    };
    let log = Tlog::open(stores, signer, with_index, unexpected()).unwrap();
    let append = |entry: &str| log.append(Leaf::of(entry.into()).unwrap());
    assert_eq!(append("a").await.unwrap(), Position { index: 0 });
    assert_eq!(append("b").await.unwrap(), Position { index: 1 });
    assert_eq!(append("a").await.unwrap(), Position { index: 0 });
    let (first, second) = tokio::join!(append("c"), append("c"));
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(append("d").await.unwrap(), Position { index: 3 });
}

#[tokio::test]
async fn without_an_index_a_leaf_may_stand_twice() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let log = open(&stores, &signer).unwrap();
    for index in 0..2 {
        let position = log.append(Leaf::of(b"a".to_vec()).unwrap()).await;
        assert_eq!(position.unwrap(), Position { index });
    }
}

#[tokio::test]
async fn a_log_that_withholds_entries_publishes_hashes_only() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let withheld = Options {
        entries: EntryBundles::Withheld,
        ..options()
    };
    let open = || {
        Tlog::open(
            stores.clone(),
            signer.clone(),
            withheld.clone(),
            unexpected(),
        )
        .unwrap()
    };
    let leaf = Hash::salted_leaf(&[9; 32], b"kept elsewhere");
    let position = open().append(Leaf::hashed(leaf)).await.unwrap();
    let log = open();
    log.prove(position)
        .await
        .unwrap()
        .check(leaf, log.verifier())
        .unwrap();
    let bundle = TilePath::new(Row::Entries, 0, 1).unwrap();
    assert!(stores.tiles.read_tile(&bundle).unwrap().is_none());
}

#[tokio::test]
async fn l13_a_log_that_keeps_entries_takes_no_bare_hash_and_no_long_entry() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let log = open(&stores, &signer).unwrap();
    let bare = log.append(Leaf::hashed(Hash::leaf(b"a"))).await;
    assert!(matches!(bare, Err(TlogError::NoEntry)));
    assert!(Leaf::of(vec![0; 65_535]).is_ok());
    assert!(matches!(
        Leaf::of(vec![0; 65_536]),
        Err(TlogError::EntryTooLong(65_536))
    ));
}

#[tokio::test]
async fn without_space_an_entry_is_refused_and_the_log_goes_on() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let plan = Plan::never();
    let log = open(&failing(&stores, &plan), &signer).unwrap();
    let append = || log.append(Leaf::of(b"a".to_vec()).unwrap());
    plan.full.store(true, Ordering::SeqCst);
    assert!(matches!(append().await, Err(TlogError::NoSpace)));
    assert!(matches!(append().await, Err(TlogError::NoSpace)));
    plan.full.store(false, Ordering::SeqCst);
    assert_eq!(append().await.unwrap(), Position { index: 0 });
}

#[tokio::test]
async fn more_entries_than_may_wait_are_refused() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let narrow = Options {
        queue_entries_max: 1,
        batch_entries_max: 1,
        ..options()
    };
    let log = Arc::new(Tlog::open(stores, signer, narrow, unexpected()).unwrap());
    let answers = append_all(&log, numbered(0..500)).await;
    let (written, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|(_, answer)| answer.is_ok());
    assert!(
        refused
            .iter()
            .all(|(_, answer)| matches!(answer, Err(TlogError::Busy)))
    );
    assert!(!refused.is_empty());
    let last = written.last().unwrap().1.as_ref().unwrap();
    log.prove(*last).await.unwrap();
    assert_eq!(log.published().head.size, written.len() as u64);
}

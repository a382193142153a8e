//! What a log refuses when it is opened.

use std::sync::Arc;

use muhrdor::store::memory::{MemoryLeafIndex, MemoryLock, MemoryTiles};
use muhrdor::tlog::note::NoteSigner;
use muhrdor::tlog::proof::ProofError;
use muhrdor::tlog::sequencer::Stores;
use muhrdor::tlog::storage::{CheckpointLock, LeafIndex, TileStorage};
use muhrdor::tlog::tile::{Row, TilePath};
use muhrdor::tlog::{Checkpoint, Hash, Options, Origin, Tlog, TlogError, TreeHead};

use crate::tlog::faults::{Half, Plan, failing};
use crate::tlog::{
    append_all, head_of, memory_stores, note_signer, noted, numbered, open, options, unexpected,
};

async fn grown(signer: &NoteSigner, entries: u32) -> Stores {
    let stores = memory_stores();
    Tlog::create(&stores, signer).unwrap();
    grow(&stores, signer, entries).await;
    stores
}

async fn grow(stores: &Stores, signer: &NoteSigner, entries: u32) {
    let log = Arc::new(open(stores, signer).unwrap());
    for (_, answer) in append_all(&log, numbered(0..entries)).await {
        answer.unwrap();
    }
}

fn lock_with(origin: &str, note: &str) -> Arc<dyn CheckpointLock> {
    let lock = MemoryLock::default();
    lock.create(&Origin::parse(origin).unwrap(), note).unwrap();
    Arc::new(lock)
}

#[tokio::test]
async fn opening_never_creates_and_creating_never_replaces() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    assert!(matches!(open(&stores, &signer), Err(TlogError::NoLog(_))));
    assert!(stores.tiles.published().unwrap().is_none());
    Tlog::create(&stores, &signer).unwrap();
    assert!(matches!(
        Tlog::create(&stores, &signer),
        Err(TlogError::Exists(_))
    ));
    open(&stores, &signer).unwrap();
    // Tiles that lost their lock are not begun anew.
    let grown = grown(&signer, 3).await;
    let lockless = Stores {
        lock: Arc::new(MemoryLock::default()),
        ..grown
    };
    assert!(matches!(open(&lockless, &signer), Err(TlogError::NoLog(_))));
    assert!(matches!(
        Tlog::create(&lockless, &signer),
        Err(TlogError::Exists(_))
    ));
}

#[tokio::test]
async fn another_key_or_name_does_not_open_it() {
    let signer = note_signer("log");
    let stores = grown(&signer, 3).await;
    assert!(matches!(
        open(&stores, &note_signer("log")),
        Err(TlogError::OtherKey(_))
    ));
    assert!(matches!(
        open(&stores, &note_signer("gol")),
        Err(TlogError::NoLog(_))
    ));
    let note = stores.tiles.published().unwrap().unwrap();
    let moved = Stores {
        lock: lock_with("gol", &note),
        ..stores
    };
    assert!(matches!(
        open(&moved, &note_signer("gol")),
        Err(TlogError::OtherKey(_))
    ));
}

#[tokio::test]
async fn tiles_from_a_backup_are_noticed() {
    let signer = note_signer("log");
    let (old, stores) = (memory_stores(), grown(&signer, 300).await);
    let old_note = stores.tiles.published().unwrap().unwrap();
    copy_tiles(&stores, &old);
    old.tiles.publish(&old_note).unwrap();
    grow(&stores, &signer, 5).await;
    let restored = Stores {
        lock: stores.lock,
        ..old
    };
    assert!(matches!(
        open(&restored, &signer),
        Err(TlogError::TilesBehind {
            published: 300,
            locked: 305
        })
    ));
    let bare = Stores {
        tiles: Arc::new(MemoryTiles::default()),
        ..restored
    };
    assert!(matches!(
        open(&bare, &signer),
        Err(TlogError::TilesBehind { published: 0, .. })
    ));
}

fn copy_tiles(from: &Stores, to: &Stores) {
    for row in [Row::Entries, Row::Level(0), Row::Level(1)] {
        for index in 0..2 {
            for width in 1..=256 {
                let path = TilePath::new(row, index, width).unwrap();
                if let Some(bytes) = from.tiles.read_tile(&path).unwrap() {
                    to.tiles.write_tiles(&[(path, bytes)]).unwrap();
                }
            }
        }
    }
}

#[tokio::test]
async fn a_lock_from_a_backup_is_noticed() {
    let signer = note_signer("log");
    let stores = grown(&signer, 10).await;
    let old_note = stores.tiles.published().unwrap().unwrap();
    grow(&stores, &signer, 5).await;
    let restored = Stores {
        lock: lock_with("log", &old_note),
        ..stores
    };
    assert!(matches!(
        open(&restored, &signer),
        Err(TlogError::LockBehind {
            published: 15,
            locked: 10
        })
    ));
}

#[tokio::test]
async fn a_fork_is_noticed() {
    let signer = note_signer("log");
    let stores = grown(&signer, 10).await;
    let sign = |size, root: &[u8]| {
        let checkpoint = Checkpoint {
            origin: Origin::parse("log").unwrap(),
            head: TreeHead {
                size,
                root: Hash::leaf(root),
            },
        };
        checkpoint.sign(&signer).unwrap()
    };
    stores.tiles.publish(&sign(10, b"other")).unwrap();
    assert!(matches!(
        open(&stores, &signer),
        Err(TlogError::Fork { size: 10 })
    ));
}

#[tokio::test]
async fn an_unfinished_commit_on_top_of_a_fork_is_not_finished() {
    let signer = note_signer("log");
    let stores = grown(&signer, 10).await;
    let (fatal, _) = noted();
    let stopping = failing(&stores, &Plan::fail_after(2, Half::Before));
    let log = Tlog::open(stopping, signer.clone(), options(), fatal).unwrap();
    append_all(&Arc::new(log), numbered(0..1)).await;
    let forged = Checkpoint {
        origin: Origin::parse("log").unwrap(),
        head: TreeHead {
            size: 9,
            root: Hash::leaf(b"other"),
        },
    };
    stores
        .tiles
        .publish(&forged.sign(&signer).unwrap())
        .unwrap();
    let refused = open(&stores, &signer);
    assert!(
        matches!(
            refused,
            Err(TlogError::RootMismatch { size: 9 } | TlogError::Fork { size: 9 })
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_tile_of_the_right_edge_that_changed_or_went_is_noticed() {
    let signer = note_signer("log");
    let stores = grown(&signer, 300).await;
    let note = stores.tiles.published().unwrap().unwrap();
    for row in [Row::Entries, Row::Level(0), Row::Level(1)] {
        let members = if row == Row::Level(1) { 1 } else { 300 };
        let edge = TilePath::holding(row, members - 1, 300).unwrap();
        for replacement in [None, Some(vec![7; 32 * usize::from(edge.width())])] {
            let tiles = MemoryTiles::default();
            for other in [Row::Entries, Row::Level(0), Row::Level(1)] {
                for index in 0..2 {
                    for width in [1, 44, 256] {
                        let path = TilePath::new(other, index, width).unwrap();
                        let bytes = stores.tiles.read_tile(&path).unwrap();
                        let bytes = if path == edge {
                            replacement.clone()
                        } else {
                            bytes
                        };
                        tiles
                            .write_tiles(&bytes.map(|b| (path, b)).into_iter().collect::<Vec<_>>())
                            .unwrap();
                    }
                }
            }
            tiles.publish(&note).unwrap();
            let damaged = Stores {
                tiles: Arc::new(tiles),
                lock: Arc::clone(&stores.lock),
            };
            let refused = open(&damaged, &signer);
            let found = match refused {
                Err(TlogError::RootMismatch { size }) => size == 300,
                // Entries and their hashes do not agree, whichever of them changed.
                Err(TlogError::EntryChanged(path)) => path.index() == edge.index(),
                Err(TlogError::Proof(ProofError::Tile(path))) => path == edge,
                other => panic!("{edge}: {other:?}"),
            };
            assert!(found, "{edge}");
        }
    }
}

#[tokio::test]
async fn l4_two_writers_cannot_both_go_on() {
    let signer = note_signer("log");
    let stores = grown(&signer, 10).await;
    let (fatal, said) = noted();
    let second = Tlog::open(stores.clone(), signer.clone(), options(), fatal).unwrap();
    let second = Arc::new(second);
    grow(&stores, &signer, 1).await;
    let lost = append_all(&second, numbered(50..51)).await;
    assert!(matches!(lost[0].1, Err(TlogError::Stopped)));
    drop(second);
    assert!(said.lock().unwrap()[0].contains("another checkpoint"));
    let note = stores.tiles.published().unwrap().unwrap();
    assert_eq!(head_of(&note, &signer).size, 11);
    open(&stores, &signer).unwrap();
}

#[tokio::test]
async fn an_index_that_fell_behind_catches_up_and_one_that_is_ahead_is_refused() {
    let signer = note_signer("log");
    let stores = grown(&signer, 600).await;
    let index = Arc::new(MemoryLeafIndex::default());
    let with_index = Options {
        first_positions: Some(Arc::clone(&index) as _),
        ..options()
    };
    let open = || {
        Tlog::open(
            stores.clone(),
            signer.clone(),
            with_index.clone(),
            unexpected(),
        )
    };
    drop(open().unwrap());
    assert_eq!(index.covered().unwrap(), 600);
    assert!(index.first(&Hash::leaf(b"entry 599")).unwrap().is_some());
    index.learn(600, &[Hash::leaf(b"never written")]).unwrap();
    assert!(matches!(
        open(),
        Err(TlogError::IndexAhead {
            covered: 601,
            size: 600
        })
    ));
}

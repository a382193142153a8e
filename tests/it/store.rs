//! Every backend keeps every promise.

use std::sync::Arc;

use muhrdor::store::conformance;
use muhrdor::store::embedded::{
    FileTiles, SqliteError, SqliteLeafIndex, SqliteLedger, SqliteLock, SqliteSessions,
};
use muhrdor::store::memory::{
    MemoryLeafIndex, MemoryLedger, MemoryLock, MemorySessions, MemoryTiles,
};
use muhrdor::tlog::storage::{StorageError, TileStorage};
use muhrdor::tlog::{Hash, TreeHead};

#[test]
fn tiles_in_memory_keep_their_promises() {
    let tiles = Arc::new(MemoryTiles::default());
    conformance::tile_storage(&|| Arc::clone(&tiles) as _).unwrap();
}

#[test]
fn tiles_in_files_keep_their_promises() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tlog");
    FileTiles::create(&path, 0).unwrap();
    conformance::tile_storage(&|| Arc::new(FileTiles::open(&path, 0).unwrap())).unwrap();
}

#[test]
fn the_lock_in_memory_keeps_its_promises() {
    let lock = Arc::new(MemoryLock::default());
    conformance::checkpoint_lock(&|| Arc::clone(&lock) as _).unwrap();
}

#[test]
fn the_lock_in_sqlite_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock.sqlite");
    SqliteLock::create(&path).unwrap();
    conformance::checkpoint_lock(&|| Arc::new(SqliteLock::open(&path).unwrap())).unwrap();
}

#[test]
fn the_index_of_leaves_keeps_its_promises_in_memory_and_in_sqlite() {
    conformance::leaf_index(&MemoryLeafIndex::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leaves.sqlite");
    conformance::leaf_index(&SqliteLeafIndex::open_or_rebuild(&path).unwrap()).unwrap();
}

#[test]
fn the_ledger_in_memory_keeps_its_promises() {
    let ledger = Arc::new(MemoryLedger::default());
    conformance::ledger(&|| Arc::clone(&ledger) as _).unwrap();
}

#[test]
fn the_ledger_in_sqlite_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    SqliteLedger::create(&path, 0).unwrap();
    conformance::ledger(&|| Arc::new(SqliteLedger::open(&path, 0).unwrap())).unwrap();
}

#[test]
fn the_sessions_in_memory_keep_their_promises() {
    let sessions = Arc::new(MemorySessions::default());
    conformance::sessions(&|| Arc::clone(&sessions) as _).unwrap();
}

#[test]
fn the_sessions_in_sqlite_keep_their_promises() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.sqlite");
    SqliteSessions::create(&path).unwrap();
    conformance::sessions(&|| Arc::new(SqliteSessions::open(&path).unwrap())).unwrap();
}

#[test]
fn opening_never_creates() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent");
    assert!(FileTiles::open(&path, 0).is_err());
    assert!(matches!(
        SqliteLock::open(&path),
        Err(SqliteError::Missing(_))
    ));
    assert!(!path.exists());
}

#[test]
fn creating_never_replaces_and_kinds_of_files_are_not_confused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock.sqlite");
    SqliteLock::create(&path).unwrap();
    assert!(matches!(
        SqliteLock::create(&path),
        Err(SqliteError::Exists(_))
    ));
    assert!(matches!(
        SqliteLeafIndex::open_or_rebuild(&path),
        Err(SqliteError::OtherKind(_))
    ));
}

#[test]
fn without_the_reserved_space_nothing_is_staged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tlog");
    let tiles = FileTiles::create(&path, u64::MAX).unwrap();
    let head = TreeHead {
        size: 1,
        root: Hash::leaf(b"a"),
    };
    assert!(matches!(
        tiles.stage(&head, b"bundle"),
        Err(StorageError::NoSpace)
    ));
    assert!(tiles.staged(&head).unwrap().is_none());
}

#[test]
fn partial_tiles_go_when_the_full_one_is_there() {
    use muhrdor::tlog::tile::{Row, TilePath};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tlog");
    let tiles = FileTiles::create(&path, 0).unwrap();
    let tile = |width| TilePath::new(Row::Level(0), 7, width).unwrap();
    tiles.write_tiles(&[(tile(9), vec![0; 9 * 32])]).unwrap();
    assert!(path.join("tile/0/007.p/9").is_file());
    tiles.write_tiles(&[(tile(256), vec![0; 8192])]).unwrap();
    assert!(path.join("tile/0/007").is_file());
    assert!(!path.join("tile/0/007.p").exists());
}

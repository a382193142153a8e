//! Every backend keeps every promise.

use std::sync::Arc;

use muhrdor::notary::index::{
    ArchivedDocument, CodeKey, DocumentArchive, NumberKey, SealIndex, SealKey, SealStoreError,
    SealWrite, StagedSeal,
};
use muhrdor::notary::leaf::Sha256;
use muhrdor::store::conformance;
use muhrdor::store::embedded::{
    FileTiles, SqliteArchive, SqliteError, SqliteLeafIndex, SqliteLedger, SqliteLock,
    SqliteSealIndex, SqliteSessions,
};
use muhrdor::store::memory::{
    MemoryArchive, MemoryLeafIndex, MemoryLedger, MemoryLock, MemorySealIndex, MemorySessions,
    MemoryTiles,
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
fn the_document_index_in_memory_keeps_its_promises() {
    let index = Arc::new(MemorySealIndex::default());
    conformance::seal_index(&|| Arc::clone(&index) as _).unwrap();
}

#[test]
fn the_document_index_in_sqlite_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents.sqlite");
    SqliteSealIndex::create(&path, 0).unwrap();
    conformance::seal_index(&|| Arc::new(SqliteSealIndex::open(&path, 0).unwrap())).unwrap();
}

#[test]
fn the_archive_in_memory_keeps_its_promises() {
    let archive = Arc::new(MemoryArchive::default());
    conformance::document_archive(&|| Arc::clone(&archive) as _).unwrap();
}

#[test]
fn the_archive_in_sqlite_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.sqlite");
    SqliteArchive::create(&path, 0).unwrap();
    conformance::document_archive(&|| Arc::new(SqliteArchive::open(&path, 0).unwrap())).unwrap();
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
    assert!(matches!(
        SqliteSealIndex::open(&path, 0),
        Err(SqliteError::Missing(_))
    ));
    assert!(matches!(
        SqliteArchive::open(&path, 0),
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
    let archive = folder.path().join("archive.sqlite");
    SqliteArchive::create(&archive, 0).unwrap();
    assert!(matches!(
        SqliteSealIndex::open(&archive, 0),
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
fn without_the_reserved_space_no_seal_is_staged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents.sqlite");
    let index = SqliteSealIndex::create(&path, u64::MAX).unwrap();
    let code = CodeKey(Sha256([1; 32]));
    let seal = SealWrite::Stage(StagedSeal {
        code,
        number: NumberKey(Sha256([2; 32])),
        content: Sha256([3; 32]),
        record: b"record".to_vec(),
    });
    let refused = index.write(&[seal]);
    assert!(matches!(refused, Err(SealStoreError::NoSpace)));
    assert_eq!(index.find(&SealKey::Code(code)).unwrap(), None);
}

#[test]
fn without_the_reserved_space_no_document_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.sqlite");
    let archive = SqliteArchive::create(&path, u64::MAX).unwrap();
    let code = CodeKey(Sha256([1; 32]));
    let encrypted = b"document".to_vec();
    let refused = archive.keep(&[ArchivedDocument { code, encrypted }]);
    assert!(matches!(refused, Err(SealStoreError::NoSpace)));
    assert_eq!(archive.fetch(&code).unwrap(), None);
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

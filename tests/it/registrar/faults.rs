//! Full disks, failing disks, and stops at every write.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use muhrdor::notary::index::{
    DocumentArchive, Registrar, RegistrarError, SealIndex, SealStage, Written,
};
use muhrdor::store::embedded::{SqliteArchive, SqliteSealIndex};

use super::stores::{Half, Kept, Plan};
use super::{
    OPTIONS, Step, WAY, arrival, begin, by_code, close, code, document, start, started, take,
};

/// Steps of three seals, and the stage that each leaves its seal in.
fn steps() -> impl Iterator<Item = (u64, Step, SealStage)> {
    (0..3).flat_map(|n| WAY.map(|(step, stage)| (n, step, stage)))
}

/// Writes of both stores that those steps take: staging writes both.
const WRITES: u64 = 12;

fn rank(stage: SealStage) -> usize {
    WAY.iter().position(|(_, known)| *known == stage).unwrap()
}

#[tokio::test]
async fn a_write_in_doubt_stops_everything_and_loses_nothing() {
    for half in [Half::Before, Half::After] {
        for fails in 0..WRITES {
            let kept = Kept::default();
            let plan = Arc::new(Plan {
                fails: Some((fails, half)),
                ..Plan::default()
            });
            let registrar = start(&kept, &plan, OPTIONS);
            let mut acknowledged = Vec::new();
            for (n, step, stage) in steps() {
                match take(&registrar, step, n).await {
                    Ok(Written::Done) => acknowledged.push((n, stage)),
                    Err(RegistrarError::Stopped) => break,
                    other => panic!("{other:?}"),
                }
            }
            stopped(&registrar).await;
            close(registrar).await;
            assert_eq!(plan.writes.load(Ordering::SeqCst), fails + 1);

            for (n, stage) in acknowledged {
                let row = kept.index.find(&by_code(n)).unwrap().unwrap();
                assert!(rank(row.stage) >= rank(stage), "{half:?} {fails}");
            }
            goes_on(&kept).await;
        }
    }
}

/// Nothing is answered, not even what was known before.
async fn stopped(registrar: &Registrar) {
    for (step, _) in WAY {
        let refused = take(registrar, step, 0).await;
        assert!(matches!(refused, Err(RegistrarError::Stopped)));
    }
    let found = registrar.find(by_code(0)).await;
    assert!(matches!(found, Err(RegistrarError::Stopped)));
    let fetched = registrar.fetch(code(0)).await;
    assert!(matches!(fetched, Err(RegistrarError::Stopped)));
    let listed = registrar.staged(9).await;
    assert!(matches!(listed, Err(RegistrarError::Stopped)));
    let listed = registrar.revoked(0, 9).await;
    assert!(matches!(listed, Err(RegistrarError::Stopped)));
}

/// After a new start all steps are taken again, and those that had been done are in conflict.
async fn goes_on(kept: &Kept) {
    for n in 0..3 {
        let staged = kept.index.find(&by_code(n)).unwrap().is_some();
        let has_document = kept.archive.fetch(&code(n)).unwrap().is_some();
        assert!(has_document || !staged, "a seal without its document");
    }
    let registrar = start(kept, &Arc::default(), OPTIONS);
    for (n, step, stage) in steps() {
        let before = kept.index.find(&by_code(n)).unwrap();
        let was_done = before.is_some_and(|row| rank(row.stage) >= rank(stage));
        let expected = match was_done {
            true => Written::Conflict,
            false => Written::Done,
        };
        assert_eq!(take(&registrar, step, n).await.unwrap(), expected);
    }
    for n in 0..3 {
        let found = registrar.find(by_code(n)).await.unwrap().unwrap();
        assert_eq!(found.stage, SealStage::Revoked);
        let fetched = registrar.fetch(code(n)).await.unwrap();
        assert_eq!(fetched, Some(document(n).encrypted));
    }
    close(registrar).await;
}

#[tokio::test]
async fn a_row_that_is_known_is_not_told_after_a_write_in_doubt() {
    let kept = Kept::default();
    let plan = Arc::new(Plan {
        // After the two writes of staging and that of the release, the one of the revocation.
        fails: Some((3, Half::After)),
        ..Plan::default()
    });
    let registrar = start(&kept, &plan, OPTIONS);
    take(&registrar, Step::Stage, 1).await.unwrap();
    take(&registrar, Step::Release, 1).await.unwrap();
    let known = registrar.find(by_code(1)).await.unwrap().unwrap();
    assert_eq!(known.stage, SealStage::Released);
    let doubtful = take(&registrar, Step::Revoke, 1).await;
    assert!(matches!(doubtful, Err(RegistrarError::Stopped)));
    let found = registrar.find(by_code(1)).await;
    assert!(matches!(found, Err(RegistrarError::Stopped)));
}

#[tokio::test]
async fn whoever_waits_when_it_stops_learns_of_it() {
    let kept = Kept::default();
    let plan = Arc::new(Plan {
        fails: Some((1, Half::Before)),
        ..Plan::default()
    });
    let registrar = start(&kept, &plan, OPTIONS);
    let (coming, pass) = plan.before_write.shut();
    let first = begin(&registrar, Step::Stage, 1).await;
    arrival(coming).await;
    let second = begin(&registrar, Step::Stage, 2).await;
    pass.send(()).unwrap();
    for waiting in [first, second] {
        let told = waiting.await.unwrap();
        assert!(matches!(told, Err(RegistrarError::Stopped)));
    }
    assert_eq!(kept.index.find(&by_code(2)).unwrap(), None);
}

#[tokio::test]
async fn without_space_it_refuses_and_goes_on_when_there_is_some() {
    let (registrar, kept, plan) = started();
    for full in [&plan.index_full, &plan.archive_full] {
        full.store(true, Ordering::SeqCst);
        let refused = take(&registrar, Step::Stage, 1).await;
        assert!(matches!(refused, Err(RegistrarError::NoSpace)));
        assert_eq!(kept.index.find(&by_code(1)).unwrap(), None);
        full.store(false, Ordering::SeqCst);
    }
    let staged = take(&registrar, Step::Stage, 1).await;
    assert_eq!(staged.unwrap(), Written::Done);
}

#[tokio::test]
async fn a_revocation_is_written_when_the_documents_beside_it_find_no_space() {
    let (registrar, _, plan) = started();
    take(&registrar, Step::Stage, 1).await.unwrap();
    take(&registrar, Step::Release, 1).await.unwrap();
    let (coming, pass) = plan.before_write.shut();
    let first = begin(&registrar, Step::Stage, 9).await;
    arrival(coming).await;
    plan.archive_full.store(true, Ordering::SeqCst);
    let staged = begin(&registrar, Step::Stage, 2).await;
    let revoked = begin(&registrar, Step::Revoke, 1).await;
    let rival = begin(&registrar, Step::Stage, 2).await;
    pass.send(()).unwrap();
    assert_eq!(first.await.unwrap().unwrap(), Written::Done);
    assert_eq!(revoked.await.unwrap().unwrap(), Written::Done);
    // The rival is not told that there is a seal, for there is none.
    for refused in [staged, rival] {
        let refused = refused.await.unwrap();
        assert!(matches!(refused, Err(RegistrarError::NoSpace)));
    }
    assert_eq!(registrar.find(by_code(2)).await.unwrap(), None);
}

#[tokio::test]
async fn a_read_that_fails_is_told_and_stops_nothing() {
    let (registrar, _, plan) = started();
    take(&registrar, Step::Stage, 1).await.unwrap();
    plan.blind.store(true, Ordering::SeqCst);
    let unread = registrar.find(by_code(1)).await;
    assert!(matches!(unread, Err(RegistrarError::Read(_))));
    plan.blind.store(false, Ordering::SeqCst);
    assert!(registrar.find(by_code(1)).await.unwrap().is_some());
    let released = take(&registrar, Step::Release, 1).await;
    assert_eq!(released.unwrap(), Written::Done);
}

#[tokio::test]
async fn on_disk_what_was_done_is_there_after_a_new_start() {
    let folder = tempfile::tempdir().unwrap();
    let places = ["documents.sqlite", "archive.sqlite"].map(|name| folder.path().join(name));
    let [index, archive] = &places;
    SqliteSealIndex::create(index, 0).unwrap();
    SqliteArchive::create(archive, 0).unwrap();
    let open = |free_bytes_min| {
        Registrar::start(
            Arc::new(SqliteSealIndex::open(index, free_bytes_min).unwrap()),
            Arc::new(SqliteArchive::open(archive, free_bytes_min).unwrap()),
            OPTIONS,
        )
        .unwrap()
    };
    let registrar = open(0);
    for (n, step, _) in steps() {
        assert_eq!(take(&registrar, step, n).await.unwrap(), Written::Done);
    }
    registrar.close().await;
    let registrar = open(u64::MAX);
    let refused = take(&registrar, Step::Stage, 9).await;
    assert!(matches!(refused, Err(RegistrarError::NoSpace)));
    for n in 0..3 {
        let found = registrar.find(by_code(n)).await.unwrap().unwrap();
        assert_eq!(found.stage, SealStage::Revoked);
        let fetched = registrar.fetch(code(n)).await.unwrap();
        assert_eq!(fetched, Some(document(n).encrypted));
    }
    registrar.close().await;
}

//! The way of a seal, conflicts, many at once, and what is known without reading.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use muhrdor::notary::index::{
    ArchivedDocument, DocumentArchive, NumberKey, RegistrarError, RegistrarOptions, SealIndex,
    SealKey, SealRow, SealStage, StagedSeal, Written,
};
use tokio::task::{self, JoinSet};

use super::stores::Kept;
use super::{
    OPTIONS, Step, WAY, arrival, begin, by_code, close, code, digest, document, record, released,
    revoked, seal, start, started, take,
};

#[tokio::test]
async fn a_seal_goes_its_way_and_is_found_at_every_step() {
    let (registrar, kept, _) = started();
    assert_eq!(registrar.find(by_code(1)).await.unwrap(), None);
    assert_eq!(registrar.fetch(code(1)).await.unwrap(), None);
    for (step, stage) in WAY {
        assert_eq!(take(&registrar, step, 1).await.unwrap(), Written::Done);
        assert_eq!(take(&registrar, step, 1).await.unwrap(), Written::Conflict);
        let row = SealRow {
            code: code(1),
            stage,
            record: record(step, 1),
        };
        let number = SealKey::Number(NumberKey(digest(b"number", 1)));
        let content = SealKey::Content(digest(b"content", 1));
        for key in [by_code(1), number, content] {
            assert_eq!(registrar.find(key).await.unwrap().as_ref(), Some(&row));
        }
        let file = registrar.find(SealKey::File(digest(b"file", 1))).await;
        assert_eq!(file.unwrap().is_some(), stage != SealStage::Staged);
        let listed = registrar.staged(9).await.unwrap();
        assert_eq!(listed.len(), usize::from(stage == SealStage::Staged));
        let listed = registrar.revoked(0, 9).await.unwrap();
        assert_eq!(listed.len(), usize::from(stage == SealStage::Revoked));
    }
    let fetched = registrar.fetch(code(1)).await.unwrap();
    assert_eq!(fetched, Some(document(1).encrypted));
    close(registrar).await;
    assert!(kept.index.find(&by_code(1)).unwrap().is_some());
}

#[tokio::test]
async fn a_seal_in_conflict_replaces_no_document_and_keeps_none() {
    let (registrar, kept, _) = started();
    take(&registrar, Step::Stage, 1).await.unwrap();
    let other = |n: u64| ArchivedDocument {
        encrypted: b"another".to_vec(),
        ..document(n)
    };
    let same_code = StagedSeal {
        code: code(1),
        ..seal(2)
    };
    let same_number = StagedSeal {
        number: seal(1).number,
        ..seal(3)
    };
    let same_content = StagedSeal {
        content: seal(1).content,
        ..seal(4)
    };
    for (seal, document) in [
        (same_code, other(1)),
        (same_number, other(3)),
        (same_content, other(4)),
    ] {
        let refused = registrar.stage(seal, document).await;
        assert_eq!(refused.unwrap(), Written::Conflict);
    }
    let untouched = kept.archive.fetch(&code(1)).unwrap();
    assert_eq!(untouched, Some(document(1).encrypted));
    for n in [3, 4] {
        assert_eq!(kept.archive.fetch(&code(n)).unwrap(), None);
    }
}

#[tokio::test]
async fn of_two_seals_of_one_code_in_one_batch_the_first_is_staged_with_its_document() {
    let (registrar, kept, plan) = started();
    let (coming, pass) = plan.before_write.shut();
    let first = begin(&registrar, Step::Stage, 9).await;
    arrival(coming).await;
    let one = begin(&registrar, Step::Stage, 1).await;
    let two = task::spawn({
        let registrar = Arc::clone(&registrar);
        let seal = StagedSeal {
            code: code(1),
            ..seal(2)
        };
        let document = ArchivedDocument {
            encrypted: b"another".to_vec(),
            ..document(1)
        };
        async move { registrar.stage(seal, document).await }
    });
    task::yield_now().await;
    pass.send(()).unwrap();
    assert_eq!(first.await.unwrap().unwrap(), Written::Done);
    assert_eq!(one.await.unwrap().unwrap(), Written::Done);
    assert_eq!(two.await.unwrap().unwrap(), Written::Conflict);
    // Two writes for the first batch, two for the second.
    assert_eq!(plan.writes.load(Ordering::SeqCst), 4);
    let document_of_one = kept.archive.fetch(&code(1)).unwrap();
    assert_eq!(document_of_one, Some(document(1).encrypted));
}

#[tokio::test]
async fn a_document_of_another_code_is_refused_before_anything_is_written() {
    let (registrar, _, plan) = started();
    let refused = registrar.stage(seal(1), document(2)).await;
    assert!(matches!(refused, Err(RegistrarError::OtherCode)));
    assert_eq!(plan.writes.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_are_all_done_and_each_number_once() {
    let (registrar, kept, _) = started();
    let mut tasks = JoinSet::new();
    for n in 0..200 {
        let registrar = Arc::clone(&registrar);
        tasks.spawn(async move {
            // Each number is asked for twice, under two codes.
            let number = n / 2;
            let seal = StagedSeal {
                code: code(n),
                ..seal(number)
            };
            let staged = registrar.stage(seal, document(n)).await.unwrap();
            if staged == Written::Done {
                assert_eq!(registrar.release(released(n)).await.unwrap(), Written::Done);
                assert_eq!(registrar.revoke(revoked(n)).await.unwrap(), Written::Done);
                let found = registrar.find(by_code(n)).await.unwrap().unwrap();
                assert_eq!(found.stage, SealStage::Revoked);
            }
            staged
        });
    }
    let staged = tasks.join_all().await;
    let done = staged.iter().filter(|staged| **staged == Written::Done);
    assert_eq!(done.count(), 100);
    close(registrar).await;
    assert_eq!(kept.index.revoked(0, 1_000).unwrap().len(), 100);
    for n in 0..200 {
        let row = kept.index.find(&by_code(n)).unwrap();
        let kept = kept.archive.fetch(&code(n)).unwrap();
        assert_eq!(row.is_some(), kept.is_some());
    }
}

#[tokio::test]
async fn what_waits_is_written_together_up_to_a_limit() {
    let (kept, plan) = (Kept::default(), Arc::default());
    let options = RegistrarOptions {
        batch_writes_max: 20,
        ..OPTIONS
    };
    let registrar = start(&kept, &plan, options);
    let (coming, pass) = plan.before_write.shut();
    let mut waiting = vec![begin(&registrar, Step::Stage, 0).await];
    arrival(coming).await;
    for n in 1..=50 {
        waiting.push(begin(&registrar, Step::Stage, n).await);
    }
    pass.send(()).unwrap();
    for step in waiting {
        assert_eq!(step.await.unwrap().unwrap(), Written::Done);
    }
    // Batches of 1, 20, 20 and 10, each in both stores.
    assert_eq!(plan.writes.load(Ordering::SeqCst), 8);
}

#[tokio::test]
async fn more_than_may_wait_are_refused_and_closing_writes_what_waits() {
    let (kept, plan) = (Kept::default(), Arc::default());
    let options = RegistrarOptions {
        queue_writes_max: 2,
        ..OPTIONS
    };
    let registrar = start(&kept, &plan, options);
    let (coming, pass) = plan.before_write.shut();
    let first = begin(&registrar, Step::Stage, 1).await;
    arrival(coming).await;
    let waiting = [
        begin(&registrar, Step::Stage, 2).await,
        begin(&registrar, Step::Stage, 3).await,
    ];
    let refused = take(&registrar, Step::Stage, 4).await;
    assert!(matches!(refused, Err(RegistrarError::Busy)));
    // Whoever asked has gone away; what they asked for is done all the same.
    for gone in [first].into_iter().chain(waiting) {
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
    }
    pass.send(()).unwrap();
    close(registrar).await;
    for n in 1..=3 {
        assert!(kept.index.find(&by_code(n)).unwrap().is_some());
        assert!(kept.archive.fetch(&code(n)).unwrap().is_some());
    }
    assert_eq!(kept.index.find(&by_code(4)).unwrap(), None);
}

#[tokio::test]
async fn a_seal_asked_for_by_code_is_read_once_for_each_time_it_is_written() {
    let (registrar, _, plan) = started();
    for (step, stage) in WAY {
        take(&registrar, step, 1).await.unwrap();
        let before = plan.searches.load(Ordering::SeqCst);
        for _ in 0..10 {
            let found = registrar.find(by_code(1)).await.unwrap().unwrap();
            assert_eq!(found.stage, stage);
        }
        assert_eq!(plan.searches.load(Ordering::SeqCst), before + 1);
    }
}

#[tokio::test]
async fn a_read_that_a_revocation_has_overtaken_is_not_remembered() {
    let (registrar, _, plan) = started();
    take(&registrar, Step::Stage, 1).await.unwrap();
    take(&registrar, Step::Release, 1).await.unwrap();
    let (coming, pass) = plan.after_search.shut();
    let slow = task::spawn({
        let registrar = Arc::clone(&registrar);
        async move { registrar.find(by_code(1)).await }
    });
    arrival(coming).await;
    take(&registrar, Step::Revoke, 1).await.unwrap();
    pass.send(()).unwrap();
    let seen = slow.await.unwrap().unwrap().unwrap();
    assert_eq!(seen.stage, SealStage::Released);
    let found = registrar.find(by_code(1)).await.unwrap().unwrap();
    assert_eq!(found.stage, SealStage::Revoked);
}

//! `kill -9` at random instants under load: nothing that was answered is missing from the journal,
//! and the journal holds.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use http::Method;
use muhrdor::app::{journal_reader, verify_journal};
use muhrdor::demo::Visitor;
use muhrdor::domain::entry::VisitId;
use muhrdor::store::embedded::FileTiles;
use muhrdor::tlog::TreeHead;
use muhrdor::tlog::checkpoint::Checkpoint;
use muhrdor::tlog::proof::{TileReader, check_consistency};
use muhrdor::tlog::storage::TileStorage;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::apart::Apart;
use super::{AZIZA, TestGrounds, call, unhurried};

/// How often the gateway is killed.
const KILLS: usize = 50;
/// Answers of one life at most: the kill comes somewhere before.
const ANSWERS_MAX: u32 = 120;
/// Clients that ask at the same time.
const CLIENTS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_in_the_journal_however_the_process_ends() {
    let grounds = TestGrounds::prepare(|config| unhurried(&config)).await;
    let answered = Arc::new(Mutex::new(HashSet::new()));
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let tiles =
        FileTiles::open(&grounds.grounds.folder.root().join("store/journal-log"), 0).unwrap();
    let mut sizes = Vec::new();
    let mut heads = Vec::new();
    let mut aziza: Option<Vec<Visitor>> = None;
    for _ in 0..KILLS {
        let gateway = Apart::serve(&grounds).await;
        let visitors = match aziza.take() {
            Some(visitors) => visitors,
            None => {
                let mut visitors = Vec::new();
                for _ in 0..CLIENTS {
                    visitors.push(grounds.signed_in("applicants", "aziza").await);
                }
                visitors
            }
        };
        // Where in the work of a request it hits is up to the scheduler.
        let lives = random.next_u32() % ANSWERS_MAX;
        let (answers, mut counted) = watch::channel(0);
        let mut load = JoinSet::new();
        for (at, visitor) in visitors.into_iter().enumerate() {
            let (answered, answers) = (Arc::clone(&answered), answers.clone());
            load.spawn(ask_until_it_is_gone(visitor, at, answered, answers));
        }
        counted.wait_for(|count| *count >= lives).await.unwrap();
        gateway.kill().await;
        // The sessions outlive the process: the same visitors come again.
        aziza = Some(load.join_all().await);
        sizes.push(answered.lock().unwrap().len());
        heads.push(published(&tiles));
    }
    // One more start: what the last kill left behind is integrated.
    let gateway = Apart::serve(&grounds).await;
    gateway.kill().await;

    let config = grounds.grounds.config().unwrap();
    let verified = verify_journal(&config, &mut |_| {}).unwrap();
    assert_eq!(verified.finding, None);
    let now = published(&tiles);
    for head in &heads {
        assert!(head.size <= now.size);
        let proof = TileReader::new(&tiles, now.size)
            .consistency(head.size)
            .unwrap();
        check_consistency(head, &now, &proof).unwrap();
    }
    let reader = journal_reader(&config).unwrap();
    let answered = std::mem::take(&mut *answered.lock().unwrap());
    assert!(answered.len() > KILLS, "{sizes:?}");
    for visit in &answered {
        assert!(
            !reader.of_visit(*visit).unwrap().is_empty(),
            "{visit} was answered: {sizes:?}"
        );
    }
    grounds.close().await;
}

/// The checkpoint that anyone could have seen; its signature is `verify_journal`'s to check.
fn published(tiles: &FileTiles) -> TreeHead {
    let note = tiles.published().unwrap().unwrap();
    let (text, _) = note.split_once("\n\n").unwrap();
    Checkpoint::parse(&format!("{text}\n")).unwrap().head
}

/// Reads and writes in turn; keeps the number of every answer of an identified principal.
async fn ask_until_it_is_gone(
    mut visitor: Visitor,
    at: usize,
    answered: Arc<Mutex<HashSet<VisitId>>>,
    answers: watch::Sender<u32>,
) -> Visitor {
    let record = format!("/civil/records/{AZIZA}");
    let apply = format!("/civil/records/{AZIZA}/applications");
    let mut turn = at;
    loop {
        turn += 1;
        let (method, path) = if turn.is_multiple_of(3) {
            (Method::POST, &apply)
        } else {
            (Method::GET, &record)
        };
        let Some(reply) = call(&mut visitor, &method, path, &[]).await else {
            return visitor;
        };
        assert!(reply.status.is_success(), "{}", reply.received());
        let number = reply.header("muhrdor-request-id").unwrap();
        answered
            .lock()
            .unwrap()
            .insert(VisitId::parse(number).unwrap());
        answers.send_modify(|count| *count += 1);
    }
}

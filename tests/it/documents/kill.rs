//! `kill -9` at random instants while documents are sealed: what reached someone verifies and is in
//! the log, nothing is used twice, nothing is forked; what was begun is finished by the next start.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::sync::{Arc, Mutex};

use muhrdor::app::audit_documents;
use muhrdor::demo::Visitor;
use muhrdor::domain::time::Timestamp;
use muhrdor::notary::verdict::{Examination, Trust, examine};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::asked_for_certificate;
use super::pdfs::page;
use crate::house::TestGrounds;
use crate::house::apart::Apart;
use crate::house::{AZIZA, unhurried, with_upstream};

use super::lives::Registry;

/// How often the gateway is killed.
const KILLS: usize = 50;
/// Documents of one life at most: the kill comes somewhere before.
const DOCUMENTS_MAX: u32 = 12;
/// Clients that ask at the same time.
const CLIENTS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn every_document_that_was_handed_out_is_in_the_log_however_the_process_ends() {
    let registry = Registry::open().await;
    let address = registry.address.to_string();
    let grounds = TestGrounds::prepare(|config| {
        with_upstream(&unhurried(&config), "civil-registry", &address)
    })
    .await;
    let files = Arc::new(Mutex::new(HashMap::new()));
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut visitors: Option<Vec<Visitor>> = None;
    let mut handed_out = Vec::new();
    for _ in 0..KILLS {
        let gateway = Apart::serve(&grounds).await;
        let asking = match visitors.take() {
            Some(visitors) => visitors,
            None => {
                let mut visitors = Vec::new();
                for _ in 0..CLIENTS {
                    visitors.push(grounds.signed_in("applicants", "aziza").await);
                }
                visitors
            }
        };
        let lives = random.next_u32() % DOCUMENTS_MAX;
        let (answers, mut counted) = watch::channel(0);
        let mut load = JoinSet::new();
        for visitor in asking {
            let (files, answers) = (Arc::clone(&files), answers.clone());
            load.spawn(ask_until_it_is_gone(visitor, files, answers));
        }
        counted.wait_for(|count| *count >= lives).await.unwrap();
        gateway.kill().await;
        visitors = Some(load.join_all().await);
        handed_out.push(files.lock().unwrap().len());
    }
    // One more start finishes what the last kill left.
    let gateway = Apart::serve(&grounds).await;
    gateway.kill().await;

    let config = grounds.grounds.config().unwrap();
    let head = audit_documents(&config, &mut |_| {}).unwrap().unwrap();
    let trust = Trust::parse(&fs::read(&grounds.grounds.places.trust).unwrap()).unwrap();
    let files = std::mem::take(&mut *files.lock().unwrap());
    assert!(files.len() > KILLS, "{handed_out:?}");
    let mut indexes = BTreeMap::new();
    let mut commitments = HashSet::new();
    for file in files.values() {
        let now = Timestamp::from_unix_seconds(4_000_000_000);
        let Examination::Sealed(facts) = examine(file, &trust, now) else {
            panic!("{:?}", examine(file, &trust, now));
        };
        assert!(facts.index < head.size);
        assert_eq!(indexes.insert(facts.index, facts.commitment), None);
        assert!(commitments.insert(facts.commitment));
    }
    registry.close().await;
    grounds.close().await;
}

/// Asks for documents until nobody answers; keeps each that came.
async fn ask_until_it_is_gone(
    mut visitor: Visitor,
    files: Arc<Mutex<HashMap<u64, Vec<u8>>>>,
    answers: watch::Sender<u32>,
) -> Visitor {
    while let Some(reply) = asked_for_certificate(&mut visitor, AZIZA).await {
        if reply.status != 200 {
            break;
        }
        let mut files = files.lock().unwrap();
        let number = files.len() as u64;
        files.insert(number, reply.body.to_vec());
        drop(files);
        answers.send_modify(|count| *count += 1);
    }
    visitor
}

#[test]
fn the_registry_of_these_tests_gives_another_document_each_time() {
    assert_ne!(page("a"), page("b"));
}

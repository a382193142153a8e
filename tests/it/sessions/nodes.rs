//! Several nodes over one store: what they remember, and how soon they forget.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muhrdor::domain::reason::Reason;
use muhrdor::domain::time::Timestamp;
use muhrdor::identity::session::SessionStore;

use super::{
    AGE_MS_MAX, House, IDLE_MS, WHOLE_MS, Watched, begin, claim, created, handle, in_memory,
    opened, row_key, value,
};

#[tokio::test]
async fn what_replaces_or_ends_a_session_is_known_everywhere_after_one_poll() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.sqlite");
    let house = House::new();
    let here = house.node(created(&path), 10).await;
    let store = Watched::over(opened(&path));
    let there = house.node(Arc::clone(&store) as _, 10).await;

    let first = house.signed_in(&here).await;
    assert!(there.find(&first).await.unwrap().is_some());
    let reads = store.reads();
    assert!(there.find(&first).await.unwrap().is_some());
    assert_eq!(store.reads(), reads, "it is remembered there");

    let begun = begin(&here, house.applicant(), "applicants", Some(&first));
    let second = handle(&begun.await.unwrap());
    store.polled(1).await;
    assert!(there.find(&first).await.unwrap().is_none());
    assert!(there.find(&second).await.unwrap().is_some());

    assert!(here.end(&second).await.unwrap());
    store.polled(1).await;
    assert!(there.find(&second).await.unwrap().is_none());
}

#[tokio::test]
async fn a_working_case_is_known_everywhere_after_one_poll() {
    let house = House::new();
    let shared = in_memory();
    let here = house.node(Arc::clone(&shared), 10).await;
    let store = Watched::over(shared);
    let there = house.node(Arc::clone(&store) as _, 10).await;
    let handle = house.signed_in(&here).await;
    assert!(there.find(&handle).await.unwrap().is_some());
    assert!(here.set_claim(&handle, &claim()).await.unwrap());
    store.polled(1).await;
    let found = there.find(&handle).await.unwrap().unwrap();
    assert_eq!(found.claim(), &claim());
}

#[tokio::test]
async fn no_more_sessions_are_remembered_than_may_be() {
    // Of three sessions, two, three or none can be remembered.
    for (cached_max, read_again) in [(0, 3..=3), (2, 1..=3), (3, 0..=0)] {
        let house = House::new();
        let store = Watched::over(in_memory());
        let node = house.node(Arc::clone(&store) as _, cached_max).await;
        let mut handles = Vec::new();
        for _session in 0..3 {
            handles.push(house.signed_in(&node).await);
        }
        for handle in &handles {
            assert!(node.find(handle).await.unwrap().is_some());
        }
        let reads = store.reads();
        for handle in &handles {
            assert!(node.find(handle).await.unwrap().is_some());
        }
        let again = store.reads() - reads;
        assert!(read_again.contains(&again), "{cached_max}: {again}");
    }
}

#[tokio::test]
async fn without_word_of_ended_sessions_nobody_is_believed_for_long_and_nobody_is_signed_out() {
    let house = House::new();
    let store = Watched::over(in_memory());
    let node = house.node(Arc::clone(&store) as _, 10).await;
    let handle = house.signed_in(&node).await;
    assert!(node.find(&handle).await.unwrap().is_some());

    store.cut_off.store(true, Ordering::SeqCst);
    house.clock.advance_ms(AGE_MS_MAX);
    assert!(node.find(&handle).await.unwrap().is_some());
    house.clock.advance_ms(1);
    let refused = node.find(&handle).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::SessionsUnavailable);
    let refused = node.end(&handle).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::SessionsUnavailable);

    store.cut_off.store(false, Ordering::SeqCst);
    assert!(node.find(&handle).await.unwrap().is_some());
}

#[tokio::test]
async fn uses_are_written_down_at_most_once_a_minute() {
    let house = House::new();
    let store = Watched::over(in_memory());
    let node = house.node(Arc::clone(&store) as _, 10).await;
    let handle = house.signed_in(&node).await;
    for _use in 0..180 {
        house.clock.advance_ms(10_000);
        assert!(node.find(&handle).await.unwrap().is_some());
    }
    let uses = store.uses.load(Ordering::SeqCst);
    assert!((15..=30).contains(&uses), "{uses} in thirty minutes");
}

#[tokio::test]
async fn rows_that_are_of_no_use_are_removed() {
    let house = House::new();
    let inner = in_memory();
    let store = Watched::over(Arc::clone(&inner));
    let node = house.node(Arc::clone(&store) as _, 10).await;
    let old = house.signed_in(&node).await;
    assert!(node.end(&old).await.unwrap());
    let begun = begin(&node, house.applicant(), "applicants", None);
    let raw = URL_SAFE_NO_PAD
        .decode(value(&begun.await.unwrap()))
        .unwrap();
    assert!(inner.get(&row_key(&raw)).unwrap().is_some());
    house.clock.advance_ms(IDLE_MS);
    let young = house.signed_in(&node).await;
    store.polled(250).await;
    assert!(inner.get(&row_key(&raw)).unwrap().is_none());
    // Ended less than a session's longest life ago: still told to whoever asks.
    assert!(!inner.changed_since(0).unwrap().keys.is_empty());
    assert!(node.find(&young).await.unwrap().is_some());
    house.clock.advance_ms(WHOLE_MS);
    store.polled(250).await;
    let changed = inner.changed_since(0).unwrap();
    assert!(changed.keys.is_empty() && changed.everything);
    assert_eq!(changed.sequence, 1);
}

#[tokio::test]
async fn a_session_whose_row_is_gone_is_not_kept_alive_by_memory() {
    let house = House::new();
    let store = Watched::over(in_memory());
    let node = house.node(Arc::clone(&store) as _, 10).await;
    let handle = house.signed_in(&node).await;
    house.clock.advance_ms(30_000);
    assert!(node.find(&handle).await.unwrap().is_some());
    // Another node that knows nothing of that use removes the row.
    let swept = Timestamp::from_unix_ms(i64::MAX);
    store.sweep(swept, Timestamp::default(), 10).unwrap();
    house.clock.advance_ms(60_000);
    store.polled(1).await;
    assert!(node.find(&handle).await.unwrap().is_none());
}

#[tokio::test]
async fn who_keeps_working_is_known_to_be_working_on_every_node() {
    // The shortest idle time that may be configured, and the one that is usual here.
    for idle_ms in [60_000, IDLE_MS] {
        let house = House::new();
        let store = in_memory();
        let node = || house.node_of(Arc::clone(&store), 10, idle_ms / 1000);
        let here = node().await;
        let handle = house.signed_in(&here).await;
        for _use in 0..3 {
            house.clock.advance_ms(idle_ms / 2);
            assert!(here.find(&handle).await.unwrap().is_some());
            house.clock.advance_ms(idle_ms / 2);
            assert!(node().await.find(&handle).await.unwrap().is_some());
        }
    }
}

#[tokio::test]
async fn closing_ends_the_task_and_may_be_done_twice() {
    let house = House::new();
    let store = in_memory();
    let node = house.node(Arc::clone(&store), 10).await;
    node.close().await;
    node.close().await;
    drop(node);
    assert_eq!(Arc::strong_count(&store), 1, "nobody holds the store");
}

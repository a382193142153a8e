//! What a thief of the store finds, and one who can write to it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muhrdor::domain::reason::Reason;
use muhrdor::identity::session::Handle;
use muhrdor::keys::Bound;
use rusqlite::Connection;

use super::{
    House, PINFL, begin, claim, created, handle, in_memory, official, opened, row_key, value,
};

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|part| part == needle)
}

/// All bytes of all files of a folder.
fn bytes_in(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        bytes.append(&mut fs::read(entry.unwrap().path()).unwrap());
    }
    bytes
}

/// Words that only the official's session holds.
const SECRETS: [&str; 7] = [
    PINFL,
    "Dilnoza",
    "Yusupova",
    "O-4411",
    "pension-fund",
    "chief inspector",
    "P-2026-118",
];

#[tokio::test]
async fn a_stolen_store_names_nobody_and_lets_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new();
    let store = created(&folder.path().join("sessions.sqlite"));
    let node = house.node(store, 10).await;
    let official = official(Some(house.person()));
    let begun = begin(&node, official.clone(), "officials", None);
    let cookie = value(&begun.await.unwrap());
    let kept = Handle::parse(&cookie).unwrap();
    assert!(node.set_claim(&kept, &claim()).await.unwrap());

    let raw = URL_SAFE_NO_PAD.decode(&cookie).unwrap();
    let stolen = bytes_in(folder.path());
    assert!(holds(&stolen, &row_key(&raw).0), "the row is in the files");
    assert!(!holds(&stolen, &raw), "the handle is not");
    assert!(!holds(&stolen, cookie.as_bytes()), "nor its text");
    assert!(!holds(&stolen, house.person().id.as_bytes()));
    for secret in SECRETS {
        assert!(!holds(&stolen, secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn a_stolen_store_and_the_houses_key_are_not_enough() {
    let house = House::new();
    let store = in_memory();
    let node = house.node(Arc::clone(&store), 10).await;
    let official = official(Some(house.person()));
    let begun = begin(&node, official.clone(), "officials", None);
    let raw = URL_SAFE_NO_PAD
        .decode(value(&begun.await.unwrap()))
        .unwrap();
    let row = store.get(&row_key(&raw)).unwrap().unwrap();
    let bound = Bound {
        purpose: "session",
        place: &row.key.0,
    };
    let inner = house.vault.open(bound, &row.sealed).unwrap();
    for secret in SECRETS {
        assert!(!holds(&inner, secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn a_stolen_store_and_a_handle_are_not_enough_without_the_houses_key() {
    let store = in_memory();
    let ours = House::new();
    let node = ours.node(Arc::clone(&store), 10).await;
    let handle = ours.signed_in(&node).await;
    let theirs = House::new().node(store, 10).await;
    let refused = theirs.find(&handle).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::SessionsUnavailable);
}

#[tokio::test]
async fn a_row_opens_only_in_its_own_place() {
    let house = House::new();
    let store = in_memory();
    let node = house.node(Arc::clone(&store), 10).await;
    let key = |cookie: &str| row_key(&URL_SAFE_NO_PAD.decode(cookie).unwrap());
    let begun = begin(&node, house.applicant(), "applicants", None);
    let mine = value(&begun.await.unwrap());
    let begun = begin(&node, official(None), "officials", None);
    let theirs = value(&begun.await.unwrap());
    let row = store.get(&key(&theirs)).unwrap().unwrap();
    assert!(store.replace(&key(&mine), &row.sealed, row.ends).unwrap());
    let refused = node.find(&Handle::parse(&mine).unwrap()).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::SessionsUnavailable);
    let other = node.find(&Handle::parse(&theirs).unwrap()).await.unwrap();
    assert_eq!(other.unwrap().principal(), &official(None));
}

#[tokio::test]
async fn a_row_does_not_open_when_a_bit_of_it_is_another() {
    let house = House::new();
    let store = in_memory();
    let node = house.node(Arc::clone(&store), 0).await;
    let begun = begin(&node, house.applicant(), "applicants", None);
    let cookie = begun.await.unwrap();
    let key = row_key(&URL_SAFE_NO_PAD.decode(value(&cookie)).unwrap());
    let row = store.get(&key).unwrap().unwrap();
    for byte in 0..row.sealed.len() {
        let mut altered = row.sealed.clone();
        altered[byte] ^= 1;
        store.replace(&key, &altered, row.ends).unwrap();
        assert!(node.find(&handle(&cookie)).await.is_err(), "byte {byte}");
    }
    store.replace(&key, &[], row.ends).unwrap();
    assert!(node.find(&handle(&cookie)).await.is_err());
}

#[tokio::test]
async fn the_same_session_is_never_sealed_the_same_way_twice() {
    let house = House::new();
    let store = in_memory();
    let node = house.node(Arc::clone(&store), 10).await;
    let begun = begin(&node, house.applicant(), "applicants", None);
    let cookie = begun.await.unwrap();
    let key = row_key(&URL_SAFE_NO_PAD.decode(value(&cookie)).unwrap());
    let mut seals = Vec::new();
    for _time in 0..3 {
        assert!(node.set_claim(&handle(&cookie), &claim()).await.unwrap());
        seals.push(store.get(&key).unwrap().unwrap().sealed);
    }
    seals.sort_unstable();
    seals.dedup();
    assert_eq!(seals.len(), 3);
}

#[test]
fn the_files_are_their_owners_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.sqlite");
    let _store = created(&path);
    let mut seen = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.path());
        seen += 1;
    }
    assert!(seen > 1, "beside the file stands its log");
}

#[tokio::test]
async fn a_session_outlives_the_process_that_began_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.sqlite");
    let house = House::new();
    let before = house.node(created(&path), 10).await;
    let handle = house.signed_in(&before).await;
    assert!(before.set_claim(&handle, &claim()).await.unwrap());
    before.close().await;
    drop(before);
    let after = house.node(opened(&path), 10).await;
    let found = after.find(&handle).await.unwrap().unwrap();
    assert_eq!(found.principal(), &house.applicant());
    assert_eq!(found.claim(), &claim());
}

#[tokio::test]
async fn a_store_that_is_broken_is_an_error_for_everyone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.sqlite");
    let house = House::new();
    let node = house.node(created(&path), 0).await;
    let handle = house.signed_in(&node).await;
    let vandal = Connection::open(&path).unwrap();
    vandal.execute_batch("drop table session").unwrap();
    let found = node.find(&handle).await.map(drop).unwrap_err();
    let ended = node.end(&handle).await.map(drop).unwrap_err();
    let begun = begin(&node, house.applicant(), "applicants", None);
    let begun = begun.await.map(drop).unwrap_err();
    for refused in [found, ended, begun] {
        assert_eq!(refused.reason(), Reason::SessionsUnavailable);
    }
}

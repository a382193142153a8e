//! Whatever is done to the stored journal is found, and the first entry it was done to is named.

use std::sync::Arc;

use muhrdor::domain::operation::Effect;
use muhrdor::journal::{Finding, LedgerPosition, Link};
use muhrdor::tlog::Hash;
use muhrdor::tlog::hash::root_of;
use muhrdor::tlog::tile::encode_hashes;
use rusqlite::{Connection, params};

use crate::journal::{House, delivered, intent, visit};

/// A house with ten entries, all integrated, and nobody at home.
async fn furnished() -> House {
    with_entries(10).await
}

async fn with_entries(entries: u64) -> House {
    let house = House::build();
    let journal = Arc::new(house.open().unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..entries {
        let journal = Arc::clone(&journal);
        tasks.spawn(async move { journal.record(delivered(n)).await.map(drop) });
    }
    tasks
        .join_all()
        .await
        .into_iter()
        .for_each(|done| done.unwrap());
    Arc::into_inner(journal).unwrap().close().await;
    assert_eq!(house.verify().finding, None);
    house
}

/// Does `harm` to the file behind the house's back.
fn harm(house: &House, harm: &str) {
    let connection = Connection::open(house.ledger_path()).unwrap();
    connection.execute_batch(harm).unwrap();
}

#[tokio::test]
async fn lg_05_an_altered_entry_is_named() {
    let house = furnished().await;
    harm(
        &house,
        "update entry set sealed = cast(substr(sealed, 1, length(sealed) - 1) || x'00' as blob)
         where position = 6",
    );
    assert_eq!(house.verify().finding, Some(Finding::Altered(6)));
    // The others can still be read, this one cannot.
    assert!(house.reader().read(LedgerPosition(7), 3).is_ok());
    let error = house.reader().read(LedgerPosition(6), 1).unwrap_err();
    assert_eq!(error.to_string(), "entry 6 does not read");
}

#[tokio::test]
async fn an_entry_in_the_place_of_another_is_named() {
    let house = furnished().await;
    harm(
        &house,
        "update entry set (sealed, leaf) = (select sealed, leaf from entry where position = 3)
         where position = 5",
    );
    assert_eq!(house.verify().finding, Some(Finding::OtherInLog(5)));
}

#[tokio::test]
async fn lg_05_a_removed_entry_is_named() {
    for (removed, found) in [(0, 0), (4, 4), (9, 9)] {
        let house = furnished().await;
        harm(
            &house,
            &format!("delete from entry where position = {removed}"),
        );
        assert_eq!(house.verify().finding, Some(Finding::Missing(found)));
    }
}

#[tokio::test]
async fn lg_05_entries_that_changed_places_are_named() {
    let house = furnished().await;
    harm(
        &house,
        "update entry set position = 100 where position = 2;
         update entry set position = 2 where position = 3;
         update entry set position = 3 where position = 100;
         update lane set position = 100 where position = 2;
         update lane set position = 2 where position = 3;
         update lane set position = 3 where position = 100;",
    );
    assert_eq!(house.verify().finding, Some(Finding::OtherInLog(2)));
}

#[tokio::test]
async fn an_entry_filed_under_another_name_is_named() {
    for (n, wrong) in [
        (
            1,
            "update lane set subject = zeroblob(32) where position = 1",
        ),
        (2, "delete from lane where position = 2"),
        (
            3,
            "update entry set visit = zeroblob(16) where position = 3",
        ),
        (4, "update entry set actor = null where position = 4"),
        (5, "update entry set stage = 0 where position = 5"),
    ] {
        let house = furnished().await;
        harm(&house, wrong);
        assert_eq!(house.verify().finding, Some(Finding::Misfiled(n)));
    }
}

/// Removes entry 4 and makes the rest look as if it had never been: numbers and chain are right.
fn forge(house: &House) -> Vec<Hash> {
    let rows = house.ledger().read(LedgerPosition(0), 10_000).unwrap();
    let connection = Connection::open(house.ledger_path()).unwrap();
    connection
        .execute_batch("delete from entry; delete from lane")
        .unwrap();
    let mut link = Link::BEGINNING;
    let mut leaves = Vec::new();
    for (n, row) in (0_u32..).zip(rows.iter().filter(|row| row.position.0 != 4)) {
        link = link.then(LedgerPosition(u64::from(n)), &row.leaf);
        leaves.push(row.leaf);
        connection
            .execute(
                "insert into entry values (?1, ?2, ?3, ?4, ?5, 1, ?6)",
                params![
                    n,
                    link.as_bytes(),
                    row.leaf.as_bytes(),
                    row.sealed,
                    row.visit.as_bytes(),
                    row.actor.as_ref().map(muhrdor::journal::ActorKey::as_str),
                ],
            )
            .unwrap();
        for subject in &row.subjects {
            connection
                .execute(
                    "insert into lane values (?1, ?2)",
                    params![subject.as_bytes(), n],
                )
                .unwrap();
        }
    }
    leaves
}

#[tokio::test]
async fn a_chain_that_was_forged_whole_does_not_fit_the_log() {
    let house = furnished().await;
    forge(&house);
    assert_eq!(house.verify().finding, Some(Finding::OtherInLog(4)));
    assert!(house.open().is_err());
}

#[tokio::test]
async fn tiles_that_were_forged_with_the_chain_do_not_give_the_signed_root() {
    let house = furnished().await;
    let leaves = forge(&house);
    std::fs::write(house.path("tiles/tile/0/000.p/10"), encode_hashes(&leaves)).unwrap();
    assert_eq!(house.verify().finding, Some(Finding::OtherRoot(10)));
    let padded: Vec<Hash> = leaves.iter().copied().chain([Hash::leaf(b"")]).collect();
    std::fs::write(house.path("tiles/tile/0/000.p/10"), encode_hashes(&padded)).unwrap();
    assert_eq!(house.verify().finding, Some(Finding::OtherRoot(10)));
}

#[tokio::test]
async fn a_forged_tile_inside_a_large_log_does_not_lead_to_the_root() {
    let house = with_entries(600).await;
    let leaves = forge(&house);
    std::fs::write(
        house.path("tiles/tile/0/000"),
        encode_hashes(&leaves[..256]),
    )
    .unwrap();
    // The root is made from the levels above; the forged tile is not what they say.
    assert_eq!(house.verify().finding, Some(Finding::OtherInLog(0)));
    assert_ne!(root_of(&leaves[..256]), root_of(&leaves[1..257]));
}

#[tokio::test]
async fn entries_not_yet_in_the_log_are_held_by_the_chain() {
    let house = furnished().await;
    // The log is as it was before the last entries: they stand in the chain only.
    let ahead = House::build();
    let ledger = ahead.ledger();
    ledger
        .append(&house.ledger().read(LedgerPosition(0), 10).unwrap())
        .unwrap();
    let ahead = House {
        vault: Arc::clone(&house.vault),
        ..ahead
    };
    let verified = ahead.verify();
    assert_eq!((verified.rows, verified.integrated), (10, 0));
    assert_eq!(verified.finding, None);
    harm(
        &ahead,
        "update entry set link = zeroblob(32) where position = 8",
    );
    assert_eq!(ahead.verify().finding, Some(Finding::OutOfChain(8)));
}

#[tokio::test]
async fn it_is_verified_while_it_is_written() {
    let house = House::build();
    let journal = house.open().unwrap();
    for n in 0..50 {
        let _ = journal
            .open(visit(n), &Effect::Write, || intent(n))
            .await
            .unwrap();
        let verified = house.verify();
        assert_eq!(verified.finding, None);
        assert_eq!(verified.rows, n + 1);
        assert!(verified.integrated <= verified.rows);
    }
}

#[tokio::test]
async fn another_key_reads_nothing() {
    let house = furnished().await;
    let stranger = House::build();
    let blind = House {
        vault: stranger.vault,
        ..house
    };
    assert_eq!(blind.verify().finding, Some(Finding::Altered(0)));
}

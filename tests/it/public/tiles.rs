//! `/tlog/…`: the log as its readers see it, and L6, L7 and L15 of the attack cases.

use std::sync::Arc;

use http::{Method, Response};
use muhrdor::public::tiles::answer;
use muhrdor::tlog::tile::{Row, TILE_WIDTH, TilePath, decode_entries, decode_hashes};
use muhrdor::tlog::{Hash, Leaf, Position, Tlog};
use muhrdor::wire::body::Body;

use super::{addresses, arrival, bytes, header};
use crate::tlog::altered::{AlteredTiles, Decay};
use crate::tlog::{append_all, head_of, memory_stores, note_signer, numbered, open};

async fn get(log: &Tlog, path: &str) -> Response<Body> {
    answer(
        log,
        &addresses(10),
        arrival(Method::GET, path, Body::empty()),
    )
    .await
}

async fn tile(log: &Tlog, path: TilePath) -> Option<Vec<u8>> {
    let response = get(log, &format!("/tlog/{path}")).await;
    if response.status() == 404 {
        return None;
    }
    assert_eq!(response.status(), 200, "{path}");
    assert_eq!(
        header(&response, "content-type"),
        "application/octet-stream"
    );
    let kept = header(&response, "cache-control");
    assert_eq!(kept, "public, max-age=31536000, immutable");
    Some(bytes(response).await)
}

async fn grown(entries: u32) -> Arc<Tlog> {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let log = Arc::new(open(&stores, &signer).unwrap());
    append_all(&log, numbered(0..entries)).await;
    published(&log, u64::from(entries)).await;
    log
}

/// Waits until readers see this many entries.
async fn published(log: &Tlog, size: u64) {
    if let Some(index) = size.checked_sub(1) {
        log.prove(Position { index }).await.unwrap();
    }
    assert_eq!(log.published().head.size, size);
}

#[tokio::test]
async fn the_checkpoint_is_text_that_is_fresh_for_a_second() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let log = Arc::new(open(&stores, &signer).unwrap());
    for size in [0, 1, 2] {
        published(&log, size).await;
        let response = get(&log, "/tlog/checkpoint").await;
        assert_eq!(response.status(), 200);
        let media = header(&response, "content-type");
        assert_eq!(media, "text/plain; charset=utf-8");
        assert_eq!(header(&response, "cache-control"), "public, max-age=1");
        let note = String::from_utf8(bytes(response).await).unwrap();
        assert_eq!(head_of(&note, &signer).size, size);
        log.append(Leaf::of(vec![7; 3]).unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn l7_every_tile_that_a_checkpoint_implies_is_there() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let log = Arc::new(open(&stores, &signer).unwrap());
    let mut before = 0;
    for size in [1, 255, 256, 257, 300, 511, 512, 700] {
        append_all(&log, numbered(before..size)).await;
        before = size;
        let size = u64::from(size);
        published(&log, size).await;
        for row in [Row::Entries, Row::Level(0), Row::Level(1), Row::Level(2)] {
            let mut at = 0;
            while let Some(path) = TilePath::holding(row, at, size) {
                let found = tile(&log, path).await;
                assert!(found.is_some_and(|bytes| path.is_whole(&bytes)), "{path}");
                at += u64::from(TILE_WIDTH);
            }
        }
    }
    // Sizes that were public once still are, from the tiles that grew out of them.
    let partial = TilePath::new(Row::Entries, 1, 44).unwrap();
    let bundle = tile(&log, partial).await.unwrap();
    let entries = decode_entries(&partial, &bundle).unwrap();
    let partial = TilePath::new(Row::Level(0), 1, 44).unwrap();
    let hashes = decode_hashes(&partial, &tile(&log, partial).await.unwrap()).unwrap();
    let leaves: Vec<Hash> = entries.into_iter().map(Hash::leaf).collect();
    assert_eq!(leaves, hashes);
}

#[tokio::test]
async fn l15_the_first_entry_is_there_after_every_start() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    for round in 0..3 {
        let log = Arc::new(open(&stores, &signer).unwrap());
        append_all(&log, numbered(round * 300..(round + 1) * 300)).await;
        for row in [Row::Entries, Row::Level(0)] {
            let first = TilePath::new(row, 0, TILE_WIDTH).unwrap();
            assert!(tile(&log, first).await.is_some());
        }
    }
}

#[tokio::test]
async fn what_no_checkpoint_implies_is_not_there() {
    let log = grown(300).await;
    for path in [
        "tile/entries/001.p/45",
        "tile/entries/001.p/43",
        "tile/entries/001",
        "tile/entries/002.p/1",
        "tile/0/001.p/45",
        "tile/0/001",
        "tile/1/000",
        "tile/1/000.p/2",
        "tile/2/000.p/1",
        "tile/63/000.p/1",
        "tile/0/x999/x999/x999/x999/x999/999",
        "tile/0/1",
        "tile/00/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/entries/000/",
        "tile/",
        "tile",
        "checkpoint/",
        "staged/300",
        "",
    ] {
        let response = get(&log, &format!("/tlog/{path}")).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(header(&response, "cache-control"), "no-store", "{path}");
    }
    let elsewhere = get(&log, "/log/checkpoint").await;
    assert_eq!(elsewhere.status(), 404);
}

#[tokio::test]
async fn what_is_written_but_not_public_yet_is_not_there() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let log = Arc::new(open(&stores, &signer).unwrap());
    append_all(&log, numbered(0..300)).await;
    published(&log, 300).await;
    // As between the tiles of a commit and its checkpoint.
    let ahead = [
        (TilePath::new(Row::Level(0), 1, 45), vec![7; 45 * 32]),
        (TilePath::new(Row::Level(0), 1, 256), vec![7; 256 * 32]),
        (TilePath::new(Row::Level(1), 0, 2), vec![7; 2 * 32]),
        (TilePath::new(Row::Entries, 1, 45), vec![0; 45 * 2]),
    ];
    for (path, bytes) in ahead {
        let path = path.unwrap();
        stores.tiles.write_tiles(&[(path, bytes)]).unwrap();
        assert!(tile(&log, path).await.is_none(), "{path}");
    }
}

#[tokio::test]
async fn a_head_is_that_of_the_whole_answer() {
    let log = grown(300).await;
    for path in ["/tlog/checkpoint", "/tlog/tile/0/000", "/tlog/tile/9/000"] {
        let whole = get(&log, path).await;
        let head = answer(
            &log,
            &addresses(10),
            arrival(Method::HEAD, path, Body::empty()),
        )
        .await;
        assert_eq!(head.status(), whole.status());
        for name in ["content-type", "cache-control"] {
            assert_eq!(header(&head, name), header(&whole, name), "{path}");
        }
        let length = header(&head, "content-length").to_owned();
        assert_eq!(bytes(whole).await.len().to_string(), length);
        assert!(bytes(head).await.is_empty());
    }
    let post = arrival(Method::POST, "/tlog/checkpoint", Body::empty());
    let posted = answer(&log, &addresses(10), post).await;
    assert_eq!(posted.status(), 405);
    assert_eq!(header(&posted, "allow"), "GET, HEAD");
}

#[tokio::test]
async fn l6_a_tile_that_was_cut_short_is_not_handed_out() {
    let (mut stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    append_all(&Arc::new(open(&stores, &signer).unwrap()), numbered(0..600)).await;
    let tiles = AlteredTiles::of(&stores);
    stores.tiles = Arc::<AlteredTiles>::clone(&tiles);
    let log = open(&stores, &signer).unwrap();
    for path in ["tile/0/000", "tile/entries/001", "tile/1/000.p/2"] {
        let path = TilePath::parse(path).unwrap();
        assert!(tile(&log, path).await.is_some());
        tiles.alter(path, Decay::Cut);
        let response = get(&log, &format!("/tlog/{path}")).await;
        assert_eq!(response.status(), 503, "{path}");
        assert_eq!(header(&response, "cache-control"), "no-store");
    }
}

#[tokio::test]
async fn an_address_that_reads_too_often_is_told_when_to_come_again() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let log = open(&stores, &signer).unwrap();
    let addresses = addresses(1);
    for expected in [200, 429] {
        let asked = arrival(Method::GET, "/tlog/checkpoint", Body::empty());
        let response = answer(&log, &addresses, asked).await;
        assert_eq!(response.status(), expected);
        assert_eq!(header(&response, "retry-after").is_empty(), expected == 200);
    }
}

//! Everything that was written, read again: L6 and L8 of the attack cases.

use std::sync::Arc;

use muhrdor::tlog::note::NoteSigner;
use muhrdor::tlog::sequencer::Stores;
use muhrdor::tlog::tile::{Row, TILE_WIDTH, TilePath};
use muhrdor::tlog::{EntryBundles, Options, Tlog, TlogError, TreeHead, audit};

use crate::tlog::altered::{AlteredTiles, Decay};
use crate::tlog::{
    append_all, head_of, memory_stores, note_signer, numbered, open, options, unexpected,
};

async fn grown(signer: &NoteSigner, entries: u32) -> Stores {
    let stores = memory_stores();
    Tlog::create(&stores, signer).unwrap();
    let log = Arc::new(open(&stores, signer).unwrap());
    append_all(&log, numbered(0..entries)).await;
    stores
}

fn audited(stores: &Stores, signer: &NoteSigner) -> Result<TreeHead, TlogError> {
    let entries = EntryBundles::Published;
    audit(
        stores.tiles.as_ref(),
        signer.verifier(),
        entries,
        &mut |_| {},
    )
}

/// Every tile of a tree of this size.
fn tiles_of(size: u64) -> Vec<TilePath> {
    let rows = [Row::Entries, Row::Level(0), Row::Level(1), Row::Level(2)];
    let all = rows.into_iter().flat_map(|row| {
        let starts = (0..).step_by(usize::from(TILE_WIDTH));
        starts.map_while(move |at| TilePath::holding(row, at, size))
    });
    all.collect()
}

#[tokio::test]
async fn a_log_that_is_as_it_was_written_is_found_so() {
    let signer = note_signer("log");
    for entries in [0, 1, 255, 256, 257, 1000] {
        let stores = grown(&signer, entries).await;
        let note = stores.tiles.published().unwrap().unwrap();
        let mut told = Vec::new();
        let head = audit(
            stores.tiles.as_ref(),
            signer.verifier(),
            EntryBundles::Published,
            &mut |read| told.push(read),
        );
        assert_eq!(head.unwrap(), head_of(&note, &signer));
        assert_eq!(told.last().copied().unwrap_or(0), u64::from(entries));
        assert!(told.is_sorted());
    }
}

#[tokio::test]
async fn a_tree_of_three_levels_is_read_to_its_top() {
    let signer = note_signer("log");
    let stores = grown(&signer, 66_000).await;
    let tiles = AlteredTiles::of(&stores);
    let damaged = Stores {
        tiles: Arc::<AlteredTiles>::clone(&tiles),
        ..stores
    };
    audited(&damaged, &signer).unwrap();
    for path in [
        "tile/1/000",
        "tile/1/001.p/1",
        "tile/2/000.p/1",
        "tile/0/256",
    ] {
        tiles.alter(TilePath::parse(path).unwrap(), Decay::Flipped);
        let found = audited(&damaged, &signer);
        assert!(
            matches!(
                found,
                Err(TlogError::RootMismatch { .. } | TlogError::EntryChanged(_))
            ),
            "{path}: {found:?}"
        );
    }
}

#[tokio::test]
async fn l6_l8_any_tile_that_decayed_is_found_before_anything_is_signed() {
    let signer = note_signer("log");
    let size = 600;
    let stores = grown(&signer, size).await;
    let note = stores.tiles.published().unwrap().unwrap();
    for path in tiles_of(u64::from(size)) {
        for decay in Decay::ALL {
            let tiles = AlteredTiles::of(&stores);
            tiles.alter(path, decay);
            let damaged = Stores {
                tiles,
                lock: Arc::clone(&stores.lock),
            };
            audited(&damaged, &signer).unwrap_err();
            let opened = open(&damaged, &signer);
            assert!(opened.is_err(), "{path}");
        }
    }
    assert_eq!(stores.tiles.published().unwrap().unwrap(), note);
    open(&stores, &signer).unwrap();
}

#[tokio::test]
async fn l8_what_is_found_names_the_bundle() {
    let signer = note_signer("log");
    let mut stores = grown(&signer, 600).await;
    let tiles = AlteredTiles::of(&stores);
    stores.tiles = Arc::<AlteredTiles>::clone(&tiles);
    for bundle in ["tile/entries/000", "tile/entries/002.p/88"] {
        let bundle = TilePath::parse(bundle).unwrap();
        tiles.alter(bundle, Decay::Flipped);
        let found = open(&stores, &signer);
        assert!(
            matches!(&found, Err(TlogError::EntryChanged(path)) if *path == bundle),
            "{found:?}"
        );
    }
    // A log that keeps no entries has none to read.
    let withheld = Options {
        entries: EntryBundles::Withheld,
        ..options()
    };
    Tlog::open(stores, signer, withheld, unexpected()).unwrap();
}

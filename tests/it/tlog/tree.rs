//! Hashes, tiles and proofs, against the standard's own definition and vectors.

use muhrdor::tlog::hash::root_of;
use muhrdor::tlog::proof::{ProofError, TileReader, check_consistency, check_inclusion};
use muhrdor::tlog::storage::{StorageError, TileStorage};
use muhrdor::tlog::tile::{
    Row, TilePath, decode_entries, decode_hashes, encode_hashes, push_entry,
};
use muhrdor::tlog::{Hash, TreeHead};
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

/// The test leaves of Certificate Transparency and the roots of their trees.
const CT_LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];
const CT_ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn the_roots_of_the_standard_test_leaves_are_known() {
    let leaves: Vec<Hash> = CT_LEAVES.iter().map(|leaf| Hash::leaf(leaf)).collect();
    for (size, root) in CT_ROOTS.iter().enumerate() {
        assert_eq!(root_of(&leaves[..size]).to_string(), *root);
        let tiles = LeafTiles(leaves.clone());
        let read = TileReader::new(&tiles, size as u64).root().unwrap();
        assert_eq!(read.to_string(), *root);
    }
}

/// Tiles of any width, made from the leaves by definition.
#[derive(Debug)]
struct LeafTiles(Vec<Hash>);

impl LeafTiles {
    fn numbered(size: usize) -> Self {
        let leaf = |n: usize| Hash::leaf(&n.to_be_bytes());
        Self((0..size).map(leaf).collect())
    }

    fn head(&self, size: usize) -> TreeHead {
        TreeHead {
            size: size as u64,
            root: root_of(&self.0[..size]),
        }
    }
}

impl TileStorage for LeafTiles {
    fn read_tile(&self, path: &TilePath) -> Result<Option<Vec<u8>>, StorageError> {
        let Row::Level(level) = path.row() else {
            return Ok(None);
        };
        let span = 256_usize.pow(u32::from(level));
        let first = usize::try_from(path.index()).unwrap() * 256;
        let member = |n: usize| self.0.get(n * span..(n + 1) * span).map(root_of);
        let width = usize::from(path.width());
        let hashes: Option<Vec<Hash>> = (first..first + width).map(member).collect();
        Ok(hashes.map(|hashes| encode_hashes(&hashes)))
    }

    fn stage(&self, _: &TreeHead, _: &[u8]) -> Result<(), StorageError> {
        Err(StorageError::NoSpace)
    }
    fn staged(&self, _: &TreeHead) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(None)
    }
    fn discard_staged(&self, _: u64) -> Result<(), StorageError> {
        Err(StorageError::NoSpace)
    }
    fn write_tiles(&self, _: &[(TilePath, Vec<u8>)]) -> Result<(), StorageError> {
        Err(StorageError::NoSpace)
    }
    fn publish(&self, _: &str) -> Result<(), StorageError> {
        Err(StorageError::NoSpace)
    }
    fn published(&self) -> Result<Option<String>, StorageError> {
        Ok(None)
    }
}

/// PATH(m, D[n]) as RFC 6962 §2.1.1 writes it.
fn path_by_definition(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(k);
    let (mut path, other) = if index < k {
        (path_by_definition(index, left), right)
    } else {
        (path_by_definition(index - k, right), left)
    };
    path.push(root_of(other));
    path
}

/// SUBPROOF(m, D[n], b) as RFC 6962 §2.1.2 writes it.
fn subproof_by_definition(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole {
            Vec::new()
        } else {
            vec![root_of(leaves)]
        };
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(k);
    let (mut path, other) = if old <= k {
        (subproof_by_definition(old, left, whole), right)
    } else {
        (subproof_by_definition(old - k, right, false), left)
    };
    path.push(root_of(other));
    path
}

fn flip(hash: Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8 % 32] ^= 1 << (bit % 8);
    Hash::from_bytes(bytes)
}

fn sizes() -> impl Strategy<Value = usize> {
    // Around the borders of tiles as often as anywhere.
    proptest::prop_oneof![1..700_usize, 250..260_usize, 510..515_usize]
}

proptest! {
    #[test]
    fn every_inclusion_proof_is_the_standards_and_an_altered_one_fails(
        size in sizes(), index in any::<usize>(), bit in any::<usize>(), at in any::<usize>(),
    ) {
        let tiles = LeafTiles::numbered(size);
        let (head, index) = (tiles.head(size), index % size);
        let proof = TileReader::new(&tiles, head.size).inclusion(index as u64).unwrap();
        prop_assert_eq!(&proof, &path_by_definition(index, &tiles.0));
        let leaf = tiles.0[index];
        check_inclusion(leaf, index as u64, &head, &proof).unwrap();

        let fails = |leaf, index, head: &TreeHead, proof: &[Hash]| {
            check_inclusion(leaf, index, head, proof).is_err()
        };
        prop_assert!(fails(flip(leaf, bit), index as u64, &head, &proof));
        let other = TreeHead { root: flip(head.root, bit), ..head };
        prop_assert!(fails(leaf, index as u64, &other, &proof));
        prop_assert!(fails(leaf, head.size, &head, &proof));
        let mut longer = proof.clone();
        longer.push(leaf);
        prop_assert!(fails(leaf, index as u64, &head, &longer));
        if !proof.is_empty() {
            let mut altered = proof.clone();
            let at = at % proof.len();
            altered[at] = flip(altered[at], bit);
            prop_assert!(fails(leaf, index as u64, &head, &altered));
            prop_assert!(fails(leaf, index as u64, &head, &proof[1..]));
            let neighbour = if index > 0 { index - 1 } else { index + 1 };
            prop_assert!(fails(leaf, neighbour as u64, &head, &proof));
        }
    }

    #[test]
    fn every_consistency_proof_is_the_standards_and_an_altered_one_fails(
        new in sizes(), old in any::<usize>(), bit in any::<usize>(), at in any::<usize>(),
    ) {
        let tiles = LeafTiles::numbered(new);
        let old = 1 + old % new;
        let (old_head, new_head) = (tiles.head(old), tiles.head(new));
        let proof = TileReader::new(&tiles, new as u64).consistency(old as u64).unwrap();
        prop_assert_eq!(&proof, &subproof_by_definition(old, &tiles.0, true));
        check_consistency(&old_head, &new_head, &proof).unwrap();

        let fails = |old: &TreeHead, new: &TreeHead, proof: &[Hash]| {
            check_consistency(old, new, proof).is_err()
        };
        let forged = |head: &TreeHead| TreeHead { root: flip(head.root, bit), ..*head };
        prop_assert!(fails(&forged(&old_head), &new_head, &proof));
        prop_assert!(fails(&old_head, &forged(&new_head), &proof));
        let mut longer = proof.clone();
        longer.push(old_head.root);
        prop_assert!(fails(&old_head, &new_head, &longer));
        if !proof.is_empty() {
            let mut altered = proof.clone();
            let at = at % proof.len();
            altered[at] = flip(altered[at], bit);
            prop_assert!(fails(&old_head, &new_head, &altered));
            prop_assert!(fails(&old_head, &new_head, &proof[1..]));
            prop_assert!(fails(&new_head, &old_head, &proof));
        }
    }

    #[test]
    fn a_tile_path_reads_back(level in 0..=63_u8, entries in any::<bool>(), index in any::<u64>(),
        width in 1..=256_u16) {
        let row = if entries { Row::Entries } else { Row::Level(level) };
        let path = TilePath::new(row, index, width).unwrap();
        prop_assert_eq!(TilePath::parse(&path.to_string()), Some(path));
    }
}

#[test]
fn everything_follows_the_empty_tree_and_nothing_larger() {
    let tiles = LeafTiles::numbered(5);
    let (empty, five) = (tiles.head(0), tiles.head(5));
    assert!(
        TileReader::new(&tiles, 5)
            .consistency(0)
            .unwrap()
            .is_empty()
    );
    check_consistency(&empty, &five, &[]).unwrap();
    check_consistency(&five, &five, &[]).unwrap();
    let larger = TileReader::new(&tiles, 5).consistency(6);
    assert!(matches!(larger, Err(ProofError::Sizes { old: 6, new: 5 })));
    let beyond = TileReader::new(&tiles, 5).inclusion(5);
    assert!(matches!(
        beyond,
        Err(ProofError::NoSuchLeaf { index: 5, size: 5 })
    ));
}

#[test]
fn tile_paths_are_written_as_the_format_says() {
    let written = |row, index, width| TilePath::new(row, index, width).unwrap().to_string();
    assert_eq!(
        written(Row::Level(0), 1_234_067, 256),
        "tile/0/x001/x234/067"
    );
    assert_eq!(written(Row::Level(1), 0, 17), "tile/1/000.p/17");
    assert_eq!(written(Row::Entries, 273, 112), "tile/entries/273.p/112");
    assert_eq!(written(Row::Entries, 1000, 256), "tile/entries/x001/000");
    assert!(TilePath::new(Row::Level(64), 0, 256).is_none());
    assert!(TilePath::new(Row::Level(0), 0, 0).is_none());
    assert!(TilePath::new(Row::Level(0), 0, 257).is_none());
}

#[test]
fn no_tile_path_has_two_spellings() {
    for bad in [
        "tile/0/1",
        "tile/0/0001",
        "tile/0/x000/001",
        "tile/00/001",
        "tile/+0/001",
        "tile/64/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/05",
        "tile/0/001.p/",
        "tile/0/001/067",
        "tile/0/x001/x067",
        "tile/0/001/",
        "tile/0/../checkpoint",
        "tile/8/0/001",
        "/tile/0/001",
        "tile/data/001",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert_eq!(TilePath::parse(bad), None, "{bad}");
    }
}

#[test]
fn partial_tiles_of_a_large_tree_are_as_wide_as_it_makes_them() {
    let last = |row, members: u64| {
        let path = TilePath::holding(row, members - 1, 70_000).unwrap();
        (path.index(), path.width())
    };
    assert_eq!(last(Row::Level(0), 70_000), (273, 112));
    assert_eq!(last(Row::Level(1), 273), (1, 17));
    assert_eq!(last(Row::Level(2), 1), (0, 1));
    assert_eq!(TilePath::holding(Row::Level(3), 0, 70_000), None);
    assert_eq!(TilePath::holding(Row::Level(0), 70_000, 70_000), None);
}

#[test]
fn tiles_and_bundles_have_exactly_their_width() {
    let path = |row| TilePath::new(row, 0, 2).unwrap();
    let hashes = [Hash::leaf(b"a"), Hash::leaf(b"b")];
    let bytes = encode_hashes(&hashes);
    assert_eq!(decode_hashes(&path(Row::Level(0)), &bytes).unwrap(), hashes);
    assert!(decode_hashes(&path(Row::Level(0)), &bytes[1..]).is_none());
    assert!(decode_hashes(&path(Row::Level(0)), &bytes[..32]).is_none());
    let mut bundle = Vec::new();
    push_entry(&mut bundle, b"first").unwrap();
    push_entry(&mut bundle, b"").unwrap();
    assert_eq!(bundle, b"\x00\x05first\x00\x00");
    let entries = decode_entries(&path(Row::Entries), &bundle).unwrap();
    assert_eq!(entries, [&b"first"[..], b""]);
    assert!(decode_entries(&path(Row::Entries), &bundle[..7]).is_none());
    assert!(decode_entries(&path(Row::Entries), &bundle[..8]).is_none());
    assert!(push_entry(&mut bundle, &vec![0; 65_536]).is_none());
}

//! What of the attack cases on logs no other file here has: L2, L5, L9, L10, L11, L12, L17.

use std::sync::Arc;

use muhrdor::store::memory::MemoryLeafIndex;
use muhrdor::tlog::note::{self, NoteError, NoteName, NoteSigner};
use muhrdor::tlog::proof::{ProofError, ProofFile, check_inclusion};
use muhrdor::tlog::storage::LeafIndex;
use muhrdor::tlog::{Checkpoint, Hash, Leaf, Options, Origin, Position, Tlog, TlogError, TreeHead};

use crate::tlog::faults::{Half, Plan, failing};
use crate::tlog::{
    append_all, check_goes_on, ed25519, head_of, memory_stores, note_signer, noted, numbered, open,
    options, unexpected,
};

#[tokio::test]
async fn l2_tiles_that_a_staged_bundle_does_not_reach_are_not_signed_on() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    append_all(&Arc::new(open(&stores, &signer).unwrap()), numbered(0..10)).await;
    let before = stores.tiles.published().unwrap().unwrap();
    append_all(&Arc::new(open(&stores, &signer).unwrap()), numbered(10..20)).await;
    // The published checkpoint of yesterday, beside the lock of today.
    stores.tiles.publish(&before).unwrap();
    let refused = open(&stores, &signer);
    assert!(
        matches!(
            refused,
            Err(TlogError::TilesBehind {
                published: 10,
                locked: 20
            })
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn l5_after_a_write_that_failed_nothing_is_written_and_nothing_read_back() {
    for half in [Half::Before, Half::Middle, Half::After] {
        let (stores, signer) = (memory_stores(), note_signer("log"));
        Tlog::create(&stores, &signer).unwrap();
        let (fatal, said) = noted();
        let plan = Plan::fail_after(0, half);
        let log = Tlog::open(failing(&stores, &plan), signer.clone(), options(), fatal).unwrap();
        for _ in 0..2 {
            let answer = log.append(Leaf::of(b"a".to_vec()).unwrap()).await;
            assert!(matches!(answer, Err(TlogError::Stopped)));
        }
        drop(log);
        assert_eq!(said.lock().unwrap().len(), 1);
        let note = stores.tiles.published().unwrap().unwrap();
        assert_eq!(head_of(&note, &signer).size, 0);
    }
}

#[tokio::test]
async fn l9_leaves_that_share_all_but_their_last_bit_are_two() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let index = Arc::new(MemoryLeafIndex::default());
    let withheld = Options {
        entries: muhrdor::tlog::EntryBundles::Withheld,
        first_positions: Some(Arc::clone(&index) as Arc<dyn LeafIndex>),
        ..options()
    };
    let log = Tlog::open(stores, signer, withheld, unexpected()).unwrap();
    for (place, bit) in [(31, 1), (15, 0x80), (16, 1), (0, 0x80)] {
        let one = *Hash::leaf(&[place]).as_bytes();
        let mut other = one;
        other[usize::from(place)] ^= bit;
        let append = |bytes| log.append(Leaf::hashed(Hash::from_bytes(bytes)));
        let first = append(one).await.unwrap();
        assert_ne!(append(other).await.unwrap(), first);
        assert_eq!(append(one).await.unwrap(), first);
    }
    assert_eq!(index.covered().unwrap(), 8);
}

#[test]
fn l10_an_entry_that_looks_like_a_node_is_still_a_leaf() {
    let (left, right) = (Hash::leaf(b"left"), Hash::leaf(b"right"));
    let node = Hash::node(&left, &right);
    let hashes = [left.as_bytes().as_slice(), right.as_bytes()].concat();
    let marked = [&[1][..], &hashes].concat();
    let leaf = [&[0][..], left.as_bytes()].concat();
    for entry in [&hashes, &marked, &leaf] {
        assert_ne!(Hash::leaf(entry), node);
        assert_ne!(Hash::leaf(entry), left);
    }
    // A node is not passed off as a leaf: the path to it is too short for the tree.
    let last = Hash::leaf(b"last");
    let head = TreeHead {
        size: 3,
        root: Hash::node(&node, &last),
    };
    check_inclusion(left, 0, &head, &[right, last]).unwrap();
    for index in 0..3 {
        assert!(
            check_inclusion(node, index, &head, &[last]).is_err(),
            "{index}"
        );
    }
}

#[tokio::test]
async fn l11_the_proof_of_one_entry_proves_no_other() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let log = Arc::new(open(&stores, &signer).unwrap());
    let answers = append_all(&log, numbered(0..300)).await;
    for (entry, answer) in answers.iter().step_by(37) {
        let proof = log.prove(*answer.as_ref().unwrap()).await.unwrap();
        for (other, _) in answers.iter().step_by(41) {
            let verdict = proof.check(Hash::leaf(other), log.verifier());
            assert_eq!(verdict.is_ok(), other == entry);
        }
    }
}

#[tokio::test]
async fn l12_indexes_beyond_the_tree_and_proofs_of_other_lengths_prove_nothing() {
    let (stores, signer) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &signer).unwrap();
    let log = Arc::new(open(&stores, &signer).unwrap());
    append_all(&log, numbered(0..2)).await;
    let proof = log.prove(Position { index: 1 }).await.unwrap();
    let entry = log.entry(Position { index: 1 }).unwrap().unwrap();
    let leaf = Hash::leaf(&entry);
    proof.check(leaf, log.verifier()).unwrap();
    for index in [0, 2, 3, 1 << 63, u64::MAX] {
        let moved = ProofFile {
            index,
            ..proof.clone()
        };
        assert!(moved.check(leaf, log.verifier()).is_err(), "{index}");
    }
    for hashes in [vec![], [&proof.hashes[..], &proof.hashes].concat()] {
        let stretched = ProofFile {
            hashes,
            ..proof.clone()
        };
        let verdict = stretched.check(leaf, log.verifier());
        assert!(matches!(verdict, Err(ProofError::Wrong)));
    }
    let empty = TreeHead::empty();
    assert!(check_inclusion(Hash::empty(), 0, &empty, &[]).is_err());
    let huge = TreeHead {
        size: 1 << 63,
        root: leaf,
    };
    assert!(check_inclusion(leaf, 0, &huge, &[]).is_err());
    assert!(log.entry(Position { index: u64::MAX }).unwrap().is_none());
}

#[test]
fn l12_no_other_spelling_of_a_proof_or_a_note_is_read() {
    let signer = note_signer("log");
    let (leaf, sibling) = (Hash::leaf(b"entry"), Hash::leaf(b"sibling"));
    let checkpoint = Checkpoint {
        origin: Origin::parse("log").unwrap(),
        head: TreeHead {
            size: 2,
            root: Hash::node(&leaf, &sibling),
        },
    };
    let file = ProofFile {
        index: 0,
        hashes: vec![sibling],
        checkpoint: checkpoint.sign(&signer).unwrap(),
    };
    let text = file.to_text();
    let read = ProofFile::parse(&text).unwrap();
    read.check(leaf, signer.verifier()).unwrap();
    let hash = sibling.to_base64();
    let bare = hash.trim_end_matches('=');
    // The last character of 32 bytes has two bits that count for nothing, and must be zero.
    let (start, last) = bare.split_at(bare.len() - 1);
    let stray = char::from(last.as_bytes()[0] + 1);
    let stray = format!("{start}{stray}=");
    for bad in [
        text.replace('\n', "\r\n"),
        text.replace("index 0", "index 00"),
        text.replace("index 0", "index +0"),
        text.replace("index 0", "index 0 "),
        text.replace(&hash, &stray),
        text.replace(&hash, bare),
        text.replace(&hash, &format!(" {hash}")),
        text.replace(&hash, &format!("{hash} ")),
    ] {
        assert_ne!(bad, text);
        assert!(ProofFile::parse(&bad).is_err(), "{bad:?}");
    }
    // Sixteen signatures of others are read past; a flood is refused.
    let many = |count| {
        format!(
            "{}{}",
            file.checkpoint,
            "\u{2014} x AAAAAAAA\n".repeat(count)
        )
    };
    note::open(&many(15), signer.verifier(), &[]).unwrap();
    assert!(note::open(&many(1000), signer.verifier(), &[]).is_err());
}

#[test]
fn l12_a_signature_with_this_keys_id_under_another_name_is_not_this_keys() {
    let signer = note_signer("log");
    let note = signer.sign("a line\n").unwrap();
    let renamed = note.replace("\u{2014} log ", "\u{2014} gol ");
    let refused = note::open(&renamed, signer.verifier(), &[]);
    assert!(matches!(refused, Err(NoteError::NotSigned(_))));
    // The same name and id over other bytes is a forgery, and no stranger's.
    let forged = note.replace("a line", "b line");
    let refused = note::open(&forged, signer.verifier(), &[]);
    assert!(matches!(refused, Err(NoteError::BadSignature(_))));
}

#[tokio::test]
async fn l17_after_the_key_changed_what_the_old_one_signed_still_checks() {
    let (stores, old) = (memory_stores(), note_signer("log"));
    Tlog::create(&stores, &old).unwrap();
    let log = Arc::new(open(&stores, &old).unwrap());
    append_all(&log, numbered(0..300)).await;
    let entry = log.entry(Position { index: 7 }).unwrap().unwrap();
    let proof = log.prove(Position { index: 7 }).await.unwrap();
    drop(log);
    // The operator signs the same head with the new key, in the lock and for the readers.
    let new = NoteSigner::new(NoteName::parse("log").unwrap(), ed25519()).unwrap();
    let note = stores.tiles.published().unwrap().unwrap();
    let checkpoint = Checkpoint::open(&note, old.verifier()).unwrap();
    let resigned = checkpoint.sign(&new).unwrap();
    stores
        .lock
        .replace(&checkpoint.origin, &note, &resigned)
        .unwrap();
    stores.tiles.publish(&resigned).unwrap();

    let log = Arc::new(open(&stores, &new).unwrap());
    append_all(&log, numbered(300..310)).await;
    log.prove(Position { index: 309 }).await.unwrap();
    let head = proof.check(Hash::leaf(&entry), old.verifier()).unwrap();
    assert!(proof.check(Hash::leaf(&entry), new.verifier()).is_err());
    check_goes_on(&stores, &head, &log.published().head);
    drop(log);
    let refused = open(&stores, &old);
    assert!(matches!(refused, Err(TlogError::OtherKey(_))));
}

//! Signed notes, checkpoints and proof files.

use std::sync::Arc;

use muhrdor::keys::{Algorithm, Signer, SoftSigner};
use muhrdor::tlog::checkpoint::CheckpointError;
use muhrdor::tlog::note::{self, NoteError, NoteName, NoteSigner, Verifier};
use muhrdor::tlog::proof::ProofFile;
use muhrdor::tlog::{Checkpoint, Hash, Origin, TreeHead};
use ring::rand::SystemRandom;

use crate::tlog::{ed25519, note_signer};

/// The example of the C2SP `signed-note` specification.
const EXAMPLE_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const EXAMPLE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\
    \n\
    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng\
    otpRZb6KE6RyyBwJnAM=\n";

#[test]
fn the_example_of_the_specification_opens() {
    let verifier = Verifier::parse(EXAMPLE_KEY).unwrap();
    assert_eq!(verifier.to_string(), EXAMPLE_KEY);
    let text = note::open(EXAMPLE, &verifier, &[]).unwrap();
    assert!(text.ends_with("what your problem is.\n"));
    let altered = EXAMPLE.replace("answer", "Answer");
    assert!(matches!(
        note::open(&altered, &verifier, &[]),
        Err(NoteError::BadSignature(_))
    ));
}

#[test]
fn a_note_that_was_signed_opens_for_its_key_only() {
    let (signer, other) = (note_signer("log/one"), note_signer("log/one"));
    let note = signer.sign("a line\n").unwrap();
    assert_eq!(
        note::open(&note, signer.verifier(), &[]).unwrap(),
        "a line\n"
    );
    // The same name with another key is another signer.
    assert!(matches!(
        note::open(&note, other.verifier(), &[]),
        Err(NoteError::NotSigned(_))
    ));
}

#[test]
fn unknown_signatures_are_passed_over_and_known_ones_must_be_true() {
    let (signer, witness) = (note_signer("log/one"), note_signer("witness"));
    let note = signer.sign("a line\n").unwrap();
    let seen = witness.sign("a line\n").unwrap();
    let cosigned = format!("{note}{}", seen.strip_prefix("a line\n\n").unwrap());
    note::open(&cosigned, signer.verifier(), &[]).unwrap();
    note::open(&cosigned, signer.verifier(), &[witness.verifier().clone()]).unwrap();
    let forged = witness.sign("another line\n").unwrap();
    let forged = format!("{note}{}", forged.strip_prefix("another line\n\n").unwrap());
    note::open(&forged, signer.verifier(), &[]).unwrap();
    let judged = note::open(&forged, signer.verifier(), &[witness.verifier().clone()]);
    assert!(matches!(judged, Err(NoteError::BadSignature(name)) if name == "witness"));
}

#[test]
fn what_is_not_quite_a_note_is_refused() {
    let signer = note_signer("log/one");
    let good = signer.sign("a line\n").unwrap();
    for bad in [
        good.trim_end().to_owned(),
        good.replace("\n\n", "\n"),
        good.replace("\u{2014} ", "- "),
        format!("{good}\n"),
        format!("{good}trailing\n"),
        good.replace("a line", "a\tline"),
        good.replace("a line", "a line\r"),
        good.replace("log/one ", "log/one  "),
        format!("{good}{}", "\u{2014} x AAAAAAAA\n".repeat(100)),
        String::new(),
    ] {
        let refused = note::open(&bad, signer.verifier(), &[]);
        assert!(matches!(refused, Err(NoteError::Malformed(_))), "{bad:?}");
    }
    assert!(signer.sign("no line feed").is_err());
}

#[test]
fn keys_have_one_spelling_and_names_no_spaces() {
    for bad in [
        EXAMPLE_KEY.replace("c74f20a3", "c74f20a4"),
        EXAMPLE_KEY.replace("c74f20a3", "C74F20A3"),
        EXAMPLE_KEY.replace("ARpc", "Bhpc"),
        EXAMPLE_KEY.replace("PeterNeumann", "Peter Neumann"),
        EXAMPLE_KEY.replace("10TW", "10T"),
    ] {
        assert!(Verifier::parse(&bad).is_err(), "{bad}");
    }
    for bad in ["", "a b", "a\u{a0}b", "a+b", "a\nb"] {
        assert!(NoteName::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_key_for_other_signatures_signs_no_notes() {
    let pkcs8 = SoftSigner::generate(Algorithm::Es256, &SystemRandom::new()).unwrap();
    let key: Arc<dyn Signer> = Arc::new(SoftSigner::from_pkcs8(&pkcs8).unwrap());
    let refused = NoteSigner::new(NoteName::parse("log").unwrap(), key);
    assert!(matches!(refused, Err(NoteError::Algorithm)));
}

#[test]
fn a_checkpoint_is_three_lines_and_opens_for_its_log_only() {
    let signer = note_signer("log/one");
    let checkpoint = Checkpoint {
        origin: Origin::parse("log/one").unwrap(),
        head: TreeHead {
            size: 70_000,
            root: Hash::leaf(b"root"),
        },
    };
    let root = checkpoint.head.root.to_base64();
    assert_eq!(checkpoint.to_string(), format!("log/one\n70000\n{root}\n"));
    let note = checkpoint.sign(&signer).unwrap();
    assert_eq!(
        Checkpoint::open(&note, signer.verifier()).unwrap(),
        checkpoint
    );
    // A log's key may not speak for a log of another name.
    let renamed = NoteSigner::new(NoteName::parse("log/two").unwrap(), ed25519()).unwrap();
    let claimed = checkpoint.sign(&renamed).unwrap();
    assert!(matches!(
        Checkpoint::open(&claimed, renamed.verifier()),
        Err(CheckpointError::OtherLog { .. })
    ));
}

#[test]
fn what_is_not_quite_a_checkpoint_is_refused() {
    let root = Hash::leaf(b"root").to_base64();
    Checkpoint::parse(&format!("log\n7\n{root}\nextension\n")).unwrap();
    for bad in [
        format!("log\n07\n{root}\n"),
        format!("log\n+7\n{root}\n"),
        format!("log\n-7\n{root}\n"),
        format!("log\n\n{root}\n"),
        format!("log\n7\n{}\n", &root[1..]),
        format!("log\n7\n{}\n", root.trim_end_matches('=')),
        format!("log\n7\n{root}"),
        format!("log\n7\n{root}\n\n"),
        format!("log\n0\n{root}\n"),
        format!("log\n99999999999999999999\n{root}\n"),
        "log\n7\n".to_owned(),
    ] {
        assert!(Checkpoint::parse(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_proof_file_reads_back_and_its_extra_line_counts_for_nothing() {
    let signer = note_signer("log/one");
    let leaf = Hash::leaf(b"entry");
    let sibling = Hash::leaf(b"sibling");
    let checkpoint = Checkpoint {
        origin: Origin::parse("log/one").unwrap(),
        head: TreeHead {
            size: 2,
            root: Hash::node(&sibling, &leaf),
        },
    };
    let file = ProofFile {
        index: 1,
        hashes: vec![sibling],
        checkpoint: checkpoint.sign(&signer).unwrap(),
    };
    let text = file.to_text();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 1\n"));
    let read = ProofFile::parse(&text).unwrap();
    assert_eq!(read, file);
    assert_eq!(
        read.check(leaf, signer.verifier()).unwrap(),
        checkpoint.head
    );
    assert!(read.check(sibling, signer.verifier()).is_err());
    assert!(read.check(leaf, note_signer("log/one").verifier()).is_err());
    let extra = text.replace("@v1\n", "@v1\nextra aGludA==\n");
    assert_eq!(ProofFile::parse(&extra).unwrap(), file);
    for bad in [
        text.replace("@v1", "@v2"),
        text.replace("index 1", "index 01"),
        text.replace("index 1\n", ""),
        text.replace("index 1\n", "index 1\nextra aGludA==\n"),
        text.replace("@v1\n", "@v1\nextra !\n"),
        text.replace(
            "index 1\n",
            &format!(
                "index 1\n{}",
                format!("{}\n", sibling.to_base64()).repeat(63)
            ),
        ),
        text.replace("\n\n", "\n"),
    ] {
        assert!(ProofFile::parse(&bad).is_err(), "{bad}");
    }
}

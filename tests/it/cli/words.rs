//! The arguments: help that is written down, and what is no sentence of this program.

use super::{Site, run};

/// Every verb's help as it stands in `help.txt`, one after the other.
const VERBS: &[&[&str]] = &[
    &[],
    &["serve"],
    &["check"],
    &["keys"],
    &["keys", "init"],
    &["keys", "list"],
    &["keys", "jwks"],
    &["keys", "trust"],
    &["policy"],
    &["policy", "test"],
    &["policy", "explain"],
    &["explain"],
    &["journal"],
    &["journal", "verify"],
    &["journal", "export"],
    &["verify"],
    &["tlog"],
    &["tlog", "verify"],
    &["status"],
    &["reload"],
    &["alarms"],
    &["selftest"],
    &["demo"],
];

#[test]
fn the_help_of_every_verb_is_as_it_is_written_down() {
    let mut transcript = String::new();
    for verb in VERBS {
        let words = [*verb, &["--help"]].concat();
        let said = run(&words).exits(0);
        assert_eq!(said.errors, "");
        transcript.extend(["$ muhrdor ", &words.join(" "), "\n"]);
        for line in said.output.lines() {
            transcript.extend([line.trim_end(), "\n"]);
        }
        transcript.push('\n');
    }
    // Not `assert_eq`: this way what the program says now can be read, and copied.
    assert!(transcript == include_str!("help.txt"), "{transcript}");
}

#[test]
fn a_sentence_that_is_none_says_what_is_meant_and_exits_with_2() {
    for (words, parts) in [
        (&[][..], &["Usage: muhrdor"][..]),
        (&["srve"], &["'serve'"]),
        (&["serve"], &["--config <FILE>"]),
        (
            &["explain", "--config", "x", "12"],
            &["a request id has 32 hexadecimal digits"],
        ),
        (&["policy", "test"], &["--config <FILE>|--bundle <FOLDER>"]),
        (
            &["policy", "test", "--config", "x", "--bundle", "y"],
            &["cannot be used with"],
        ),
        (
            &["journal", "export", "--config", "x", "--from", "x"],
            &["--from"],
        ),
        (
            &["serve", "--config", "x", "--listen", "8443"],
            &["--listen"],
        ),
    ] {
        let said = run(words).exits(2).says(parts);
        assert_eq!(said.output, "", "{words:?}");
    }
}

#[test]
fn a_reader_who_goes_away_is_no_accident() {
    let site = Site::made();
    for words in [
        &["keys", "list"][..],
        &["keys", "jwks"],
        &["keys", "trust"],
        &["check"],
        &["journal", "verify"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = site.command(words).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{words:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
    }
}

//! Bytes of all kinds: no panic, and what leaves is JSON without a canary.

use muhrdor::domain::data::{Form, Mask};
use muhrdor::redaction::json::{Limits, parse};
use muhrdor::redaction::{detector, json};

use super::{AZIZA, BOTIR, map, redact};

/// A seeded mutator: small changes to texts of the corpus.
struct Mutator(u64);

impl Mutator {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below.max(1) as u64).unwrap()
    }

    fn mutate(&mut self, text: &[u8]) -> Vec<u8> {
        let mut bytes = text.to_vec();
        for _ in 0..=self.next(3) {
            let at = self.next(bytes.len());
            match self.next(5) {
                0 => bytes[at] ^= 1 << self.next(8),
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, b"{}[]\",:\\u0de-+. \x00\xff"[self.next(18)]),
                3 => bytes.truncate(at.max(1)),
                _ => {
                    let from = self.next(bytes.len());
                    let piece = bytes[from.min(at)..from.max(at)].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
            if bytes.is_empty() {
                bytes.push(b'{');
            }
        }
        bytes
    }
}

fn corpus() -> [String; 5] {
    [
        format!(
            r#"{{"pinfl":"{AZIZA}","income":7341907,"health":{{"d":"canary"}},"rows":[{{"pinfl":"{BOTIR}","income":1}},null]}}"#
        ),
        r#" [ { "a" : [ 1 , -2.5e+10 , true , null , "\u00e9\ud83d\ude00\n" ] } , {} , [] ] "#.to_owned(),
        r#"{"a/b":{"~":{"":[[[[[]]]]]}},"k":"\\\"\/\b\f\n\r\t"}"#.to_owned(),
        r#"{"income":1e400,"pinfl":"41507850211172","unlisted":"canary","rows":[]}"#.to_owned(),
        format!("{}{}", "[".repeat(70), "]".repeat(70)),
    ]
}

#[test]
fn the_reader_of_json_takes_no_more_than_another_and_never_falls() {
    let mut mutator = Mutator(0x9e37_79b9_7f4a_7c15);
    let corpus = corpus();
    for round in 0..20_000 {
        let bytes = mutator.mutate(corpus[round % corpus.len()].as_bytes());
        let read = parse(bytes.clone().into(), &Limits::default());
        if read.is_ok() {
            let other = serde_json::from_slice::<Box<serde_json::value::RawValue>>(&bytes);
            assert!(other.is_ok(), "{:?}", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn what_leaves_of_any_bytes_is_json_without_what_is_withheld() {
    let map = map(
        &[("/pinfl", "identifier"), ("/income", "income"), ("/health", "health"), ("/rows/*/income", "income")],
        &[("", "/pinfl"), ("/rows/*", "/pinfl")],
    );
    let rules = |_: &str, class: &str| match class {
        "identifier" => Form::Masked(Mask::Last4),
        "health" => Form::Absent,
        _ => Form::Clear,
    };
    let mut mutator = Mutator(0x2545_f491_4f6c_dd1d);
    let mut left = 0;
    for round in 0..20_000 {
        let bytes = mutator.mutate(corpus()[[0, 3][round % 2]].as_bytes());
        let Ok(redacted) = redact(&map, None, &bytes, rules) else { continue };
        left += 1;
        assert!(json::parse(redacted.bytes.clone(), &Limits::default()).is_ok());
        let text = String::from_utf8_lossy(&redacted.bytes);
        assert!(!text.contains("canary") && !text.contains(AZIZA), "{text}");
    }
    assert!(left > 1_000, "{left}");
}

#[test]
fn the_detector_takes_any_text() {
    let mut mutator = Mutator(0x1234_5678_9abc_def1);
    for round in 0..5_000 {
        let bytes = mutator.mutate(corpus()[round % 5].as_bytes());
        let text = String::from_utf8_lossy(&bytes);
        let again = detector::find(&text);
        assert_eq!(detector::find(&text), again);
    }
}

//! Rows T27, T35 and T36: the last look at what leaves.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use muhrdor::domain::data::Mask;
use muhrdor::redaction::RedactionError;
use muhrdor::redaction::detector::{Finding, find};

use super::{AZIZA, clear, map, masked, redact, text};

fn leak(body: &str) -> Option<Finding> {
    let map = map(&[("/note", "education")], &[]);
    match redact(&map, Some(AZIZA), body, clear) {
        Err(RedactionError::LeakStopped(finding)) => Some(finding),
        Ok(_) => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn t27_an_identifier_one_level_down_in_base64_or_json_stops_the_answer() {
    let inner = format!(r#"{{\"pinfl\":\"{AZIZA}\"}}"#);
    assert_eq!(
        leak(&format!(r#"{{"note":"{inner}"}}"#)),
        Some(Finding::Pinfl)
    );
    let escaped = AZIZA.chars().fold(String::new(), |escaped, c| {
        format!("{escaped}\\\\u{:04x}", u32::from(c))
    });
    assert_eq!(
        leak(&format!(r#"{{"note":"[\"{escaped}\"]"}}"#)),
        Some(Finding::Pinfl)
    );
    for offset in ["", "x", "xy", "xyz"] {
        let plain = format!("{offset} {AZIZA}.");
        for coded in [STANDARD.encode(&plain), URL_SAFE_NO_PAD.encode(&plain)] {
            assert_eq!(
                leak(&format!(r#"{{"note":"see {coded}"}}"#)),
                Some(Finding::Pinfl)
            );
        }
    }
}

#[test]
fn t35_free_text_with_an_identifier_stops_the_answer() {
    for (note, finding) in [
        (format!("spoke with {AZIZA} today"), Finding::Pinfl),
        ("call +998 (90) 123-45-34".to_owned(), Finding::Phone),
        ("call 998901234534".to_owned(), Finding::Phone),
        ("passport AD 4471203 shown".to_owned(), Finding::Passport),
        ("passport AD4471203".to_owned(), Finding::Passport),
        ("card 4111 1111 1111 1111".to_owned(), Finding::Card),
        ("card 4111111111111111".to_owned(), Finding::Card),
    ] {
        assert_eq!(
            leak(&format!(r#"{{"note":"{note}"}}"#)),
            Some(finding),
            "{note}"
        );
        assert_eq!(
            leak(&format!(r#"{{"note":[{{"{note}":1}}]}}"#)),
            Some(finding),
            "{note}"
        );
    }
}

#[test]
fn t35_what_only_resembles_an_identifier_passes() {
    for note in [
        "12345678901234",
        "11111111111111",
        "2026-11-23T09:05:00.000Z",
        "2026-11-23 09-05-00",
        "PF-2026-000117",
        "550e8400-e29b-41d4-a716-446655440000",
        "1234567",
        "4111111111111112",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "+998 90",
        "938-XII",
        "a sentence of common words without any number in it",
        "AB12345678",
        "••••1172",
    ] {
        assert_eq!(find(note), None, "{note}");
    }
}

#[test]
fn t35_few_random_numbers_of_fourteen_digits_are_taken_for_one() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut found = 0;
    for _ in 0..100_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        found += u32::from(find(&format!("{:014}", state % 100_000_000_000_000)).is_some());
    }
    assert!(found < 600, "{found} of 100000");
}

#[test]
fn t36_a_pinfl_as_a_number_or_with_spaces_or_dashes_stops_the_answer() {
    for value in [
        AZIZA.to_owned(),
        format!("{AZIZA}.0"),
        "4.1507850211172e13".to_owned(),
        "\"4 150785 021 1172\"".to_owned(),
        "\"4-150785-0211172\"".to_owned(),
        "\"4\\u00a0150785\\u00a00211172\"".to_owned(),
        "\"7 41507850211172\"".to_owned(),
        "\"PINFL41507850211172\"".to_owned(),
    ] {
        assert_eq!(
            leak(&format!(r#"{{"note":{value}}}"#)),
            Some(Finding::Pinfl),
            "{value}"
        );
    }
}

#[test]
fn an_identifier_may_stand_where_identifiers_are_clear() {
    let map = map(
        &[
            ("/pinfl", "identifier"),
            ("/phones/*", "contact"),
            ("/note", "name"),
        ],
        &[],
    );
    let body = format!(r#"{{"pinfl":"{AZIZA}","phones":["+998901234534"],"note":"ok"}}"#);
    assert_eq!(
        text(&redact(&map, Some(AZIZA), &body, clear).unwrap()),
        body
    );
    let redacted = redact(&map, Some(AZIZA), &body, masked("contact", Mask::Partial)).unwrap();
    assert!(text(&redacted).contains("+998 •• ••• •• 34"));
}

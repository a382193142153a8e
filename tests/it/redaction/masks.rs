//! What stands in place of a value that may be shown only in part.

use muhrdor::domain::data::Mask;
use muhrdor::redaction::RedactionError;

use super::{AZIZA, map, masked, pseudonym, redact, text};

/// What the member `/v` of this class becomes; `None` if it is withheld.
fn show(class: &'static str, mask: Mask, value: &str) -> Option<String> {
    let map = map(&[("/v", class), ("/k", "public")], &[]);
    let body = format!(r#"{{"k":1,"v":{value}}}"#);
    let redacted = redact(&map, Some(AZIZA), body, masked(class, mask)).unwrap();
    let rest = text(&redacted).strip_prefix(r#"{"k":1"#).unwrap();
    rest.strip_prefix(r#","v":"#).map(|v| v.strip_suffix('}').unwrap().to_owned())
}

#[test]
fn a_mask_shows_what_its_name_says_and_no_more() {
    for (class, mask, value, expected) in [
        ("identifier", Mask::Last4, "\"41507850211172\"", "\"••••1172\""),
        ("identifier", Mask::Last4, "\"AD 4471203\"", "\"••••1203\""),
        ("identifier", Mask::Last4, "\"1234567\"", "\"••••\""),
        ("contact", Mask::Partial, "\"+998901234534\"", "\"+998 •• ••• •• 34\""),
        ("contact", Mask::Partial, "\"aziza@mail.uz\"", "\"a••••@mail.uz\""),
        ("contact", Mask::Partial, "\"a@mail.uz\"", "\"••••\""),
        ("contact", Mask::Partial, "\"at the neighbour's\"", "\"••••\""),
        ("name", Mask::Partial, "\"Aziza Karimova\"", "\"A. K.\""),
        ("name", Mask::Partial, "\"A Karimova\"", "\"• K.\""),
        ("civil-status", Mask::Partial, "\"1985-07-15\"", "\"1985\""),
        ("address", Mask::Partial, "\"Tashkent, Amir Temur 14\"", "\"••••\""),
        ("income", Mask::Band, "7341907", "\"10–20 BHM\""),
        ("income", Mask::Band, "412000", "\"1–2 BHM\""),
        ("income", Mask::Band, "411999.99", "\"0–1 BHM\""),
        ("income", Mask::Band, "1e400", "\"100+ BHM\""),
        ("income", Mask::Band, "\"7341907\"", "\"10–20 BHM\""),
        ("income", Mask::Band, "\"much\"", "\"••••\""),
        ("income", Mask::Redacted, "\"7341907\"", "\"••••\""),
    ] {
        assert_eq!(show(class, mask, value).as_deref(), Some(expected), "{mask} {value}");
    }
    let expected = format!("\"{}\"", pseudonym("identifier", "x1"));
    assert_eq!(show("identifier", Mask::Pseudonym, "\"x1\""), Some(expected));
}

#[test]
fn what_a_mask_cannot_show_in_its_own_type_is_withheld() {
    for mask in Mask::ALL {
        for value in ["{\"a\":1}", "[1]", "true", "null"] {
            assert_eq!(show("income", mask, value), None, "{mask} {value}");
        }
        if mask != Mask::Band {
            assert_eq!(show("income", mask, "41507850211172"), None, "{mask}");
        }
    }
    assert_eq!(show("income", Mask::Band, "-1"), None);
}

#[test]
fn no_mask_lets_the_head_of_a_pinfl_through() {
    let map = map(&[("/v", "identifier")], &[]);
    let body = format!(r#"{{"v":"{AZIZA}"}}"#);
    for mask in Mask::ALL {
        match redact(&map, Some(AZIZA), &body, masked("identifier", mask)) {
            Ok(redacted) => assert!(!text(&redacted).contains(&AZIZA[..7]), "{mask}"),
            Err(error) => assert_eq!(error, RedactionError::NothingToDisclose),
        }
    }
}

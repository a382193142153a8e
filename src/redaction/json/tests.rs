use super::*;

fn read(text: &str) -> Result<Document, JsonError> {
    parse(Bytes::copy_from_slice(text.as_bytes()), &Limits::default())
}

#[test]
fn a_span_is_the_value_without_the_space_around_it() {
    let document = read(" { \"a\" : [ 1 , \"x\" ] , \"b\" : { } } ").unwrap();
    let texts: Vec<_> = document.nodes().map(|(_, n)| document.text(n.span())).collect();
    assert_eq!(
        texts,
        ["{ \"a\" : [ 1 , \"x\" ] , \"b\" : { } }", "[ 1 , \"x\" ]", "1", "\"x\"", "{ }"]
    );
    let names: Vec<_> = document.children(NodeId::ROOT).map(|c| document.name(c)).collect();
    assert_eq!(names, [Some("a"), Some("b")]);
}

#[test]
fn a_pointer_finds_members_and_elements() {
    let document = read(r#"{"a/b":[{"":7},{"":8}],"0":true}"#).unwrap();
    let found = document.find(NodeId::ROOT, &["a/b", "1", ""]).unwrap();
    assert_eq!(document.number(found), Some("8"));
    assert!(document.find(NodeId::ROOT, &["a/b", "01", ""]).is_none());
    assert!(document.find(NodeId::ROOT, &["a/b", "2"]).is_none());
    assert!(document.find(NodeId::ROOT, &["0"]).is_some());
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    for text in [
        "", " ", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{'a':1}", "[1 2]", "01", "1.",
        ".5", "+1", "-", "1e", "NaN", "Infinity", "tru", "nulls", "\"\u{1}\"", "\"\\x\"", "\"a",
        "\"\\u12\"", "\"\\uD800\"", "\"\\uDC00\"", "\"\\uD800\\u0041\"", "\"\\u0000\"", "1 2",
        "1\0", "/*c*/1", "1//c", "\u{feff}1", "[1}", "{]", "]", "{\"a\":1,\"\\u0061\":2}",
        "[[{\"k\":{\"x\":1,\"y\":2,\"x\":3}}]]", "\"\\u00é\"",
    ] {
        assert!(read(text).is_err(), "{text:?}");
    }
    assert_eq!(parse(Bytes::from_static(b"\"\xff\""), &Limits::default()).unwrap_err(), JsonError::NotUtf8);
}

#[test]
fn escapes_say_what_they_stand_for() {
    let document = read(r#"["\u0041\ud83d\ude00\n\/\"", "é"]"#).unwrap();
    let strings: Vec<_> = document.children(NodeId::ROOT).map(|c| document.string(c)).collect();
    assert_eq!(strings[0].as_deref(), Some("A😀\n/\""));
    assert_eq!(strings[1].as_deref(), Some("é"));
}

#[test]
fn depth_and_count_are_bounded() {
    let limits = Limits { depth_max: 3, nodes_max: 5 };
    let at = |text: &str| parse(Bytes::copy_from_slice(text.as_bytes()), &limits).map(|d| d.len());
    assert_eq!(at("[[[1]]]"), Ok(4));
    assert_eq!(at("[[[[1]]]]"), Err(JsonError::TooDeep { depth_max: 3 }));
    assert_eq!(at("[1,2,3,4]"), Ok(5));
    assert_eq!(at("[1,2,3,4,5]"), Err(JsonError::TooManyValues { nodes_max: 5 }));
}

#[test]
fn decimals_compare_exactly() {
    use std::cmp::Ordering::{Equal, Greater, Less};
    for (text, whole, expected) in [
        ("9007199254740993", 9_007_199_254_740_992, Greater),
        ("1e400", i128::MAX, Greater),
        ("-1e400", i128::MIN, Less),
        ("1e-400", 0, Greater),
        ("-0", 0, Equal),
        ("0.0", 0, Equal),
        ("5000000.00", 5_000_000, Equal),
        ("4999999.999999999999999999999", 5_000_000, Less),
        ("5e6", 5_000_000, Equal),
        ("0.5e7", 5_000_000, Equal),
        ("-2.5", -2, Less),
        ("1e99999999999999999999", 7, Greater),
        ("120", 12, Greater),
    ] {
        assert_eq!(Decimal::parse(text).unwrap().cmp_integer(whole), expected, "{text}");
    }
    for text in ["", "-", "1.", ".1", "1e", "1e+", "0x1", "1 "] {
        assert!(Decimal::parse(text).is_none(), "{text:?}");
    }
}

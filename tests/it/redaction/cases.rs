//! Rows T20 to T41: JSON, class maps, several persons in one answer.

use muhrdor::domain::data::{Form, Mask};
use muhrdor::domain::operation::{ClassEntry, Withhold};
use muhrdor::redaction::{Breach, RedactionError};

use super::{
    AZIZA, BOTIR, KAMOLA, class, clear, delivered, entry, map, masked, pseudonym, redact, text,
    without,
};

#[test]
fn t20_a_list_of_withheld_persons_is_the_same_as_an_empty_list_and_as_none() {
    let map = map(
        &[("/name", "name"), ("/relatives/*/name", "name"), ("/relatives/*/pinfl", "identifier")],
        &[("", "/pinfl"), ("/relatives/*", "/pinfl")],
    );
    let own = |pinfl: &str, _: &str| if pinfl == AZIZA { Form::Clear } else { Form::Absent };
    let bodies = [
        format!(r#"{{"pinfl":"{AZIZA}","name":"A","relatives":[{{"pinfl":"{BOTIR}","name":"B"}}]}}"#),
        format!(r#"{{"pinfl":"{AZIZA}","name":"A","relatives":[]}}"#),
        format!(r#"{{"pinfl":"{AZIZA}","name":"A"}}"#),
    ];
    for body in &bodies {
        let redacted = redact(&map, Some(AZIZA), body, own).unwrap();
        assert_eq!(text(&redacted), r#"{"name":"A"}"#);
        assert!(redacted.withheld.is_empty());
        assert!(redacted.disclosed.iter().all(|d| d.form == Form::Clear));
    }
}

#[test]
fn t20_nothing_left_is_the_same_as_nothing_there() {
    let map = map(&[("/name", "name")], &[]);
    for body in [r#"{"name":"A"}"#, "{}", "[]", "null", r#"{"other":1}"#] {
        let answer = redact(&map, Some(AZIZA), body, without("name"));
        assert_eq!(answer, Err(RedactionError::NothingToDisclose), "{body}");
    }
}

#[test]
fn t22_duplicate_keys_at_any_depth_reject_the_document() {
    let map = map(&[("/a", "public")], &[]);
    for body in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"a":1,"deep":[{"x":{"k":1,"l":2,"k":3}}]}"#,
    ] {
        let answer = redact(&map, Some(AZIZA), body, clear);
        assert!(
            matches!(answer, Err(RedactionError::ContractBroken(Breach::Json(_)))),
            "{answer:?}"
        );
    }
}

#[test]
fn t23_an_escaped_key_is_matched_after_unescaping() {
    let map = map(&[("/pinfl", "identifier"), ("/state", "public")], &[]);
    let body = format!(r#"{{"pin\u0066l":"{AZIZA}","sta\u0074e":"open"}}"#);
    let redacted = redact(&map, Some(AZIZA), &body, without("identifier")).unwrap();
    assert_eq!(text(&redacted), r#"{"sta\u0074e":"open"}"#);
    let masked = redact(&map, Some(AZIZA), &body, masked("identifier", Mask::Last4)).unwrap();
    assert_eq!(text(&masked), r#"{"pin\u0066l":"••••1172","sta\u0074e":"open"}"#);
}

#[test]
fn t25_a_pointer_escapes_exactly() {
    let map = map(
        &[("/a~1b", "public"), ("/c~0d", "public"), ("/", "public"), ("/0", "public"), ("/~01", "public")],
        &[],
    );
    let body = r#"{"a/b":1,"c~d":2,"":3,"0":4,"~1":5,"a":{"b":6},"~01":7,"00":8}"#;
    assert_eq!(delivered(&map, body), r#"{"a/b":1,"c~d":2,"":3,"0":4,"~1":5}"#);
}

#[test]
fn t26_another_shape_than_listed_is_absent() {
    let map = map(&[("/a/b", "public"), ("/list/*/c", "public"), ("/d", "public")], &[]);
    assert_eq!(delivered(&map, r#"{"a":[{"b":1}],"list":[[{"c":2}]],"d":3}"#), r#"{"d":3}"#);
    assert_eq!(delivered(&map, r#"{"a":"x","list":"y","d":3}"#), r#"{"d":3}"#);
    assert_eq!(delivered(&map, r#"{"a":{"b":1},"list":[{"c":2},7,[8]],"d":3}"#),
        r#"{"a":{"b":1},"list":[{"c":2},null,null],"d":3}"#);
    for body in [r#"[{"a":{"b":1}}]"#, "\"a\"", "7", "true"] {
        let answer = redact(&map, Some(AZIZA), body, clear);
        assert_eq!(answer, Err(RedactionError::NothingToDisclose), "{body}");
    }
}

#[test]
fn t28_big_numbers_pass_byte_for_byte() {
    let map = map(&[("/n", "income")], &[]);
    let long = format!("0.1{}0555", "0".repeat(60));
    for number in ["12345678901234567890123", "1e400", "-0", "1.0", "-1E-9999", long.as_str()] {
        let body = format!(r#"{{"n": {number} ,"secret":1}}"#);
        assert_eq!(delivered(&map, &body), format!(r#"{{"n": {number} }}"#));
    }
}

#[test]
fn t30_what_is_no_json_is_rejected() {
    let map = map(&[("/a", "public")], &[]);
    for body in [
        &b"{\"a\":\"\\ud800\"}"[..],
        b"{\"a\":\"\xff\"}",
        b"{\"a\":1}\0",
        b"{\"a\":NaN}",
        b"{\"a\":1/*c*/}",
        b"{\"a\":1,}",
        b"\xef\xbb\xbf{\"a\":1}",
        b"{\"a\":1}{\"a\":2}",
        b"",
    ] {
        let answer = redact(&map, Some(AZIZA), body, clear);
        assert!(matches!(answer, Err(RedactionError::ContractBroken(Breach::Json(_)))));
    }
}

#[test]
fn t31_what_stays_keeps_its_white_space_order_and_escapes() {
    let map = map(&[("/z", "public"), ("/a", "income"), ("/m/*", "public"), ("/e", "public")], &[]);
    let body = "{\r\n  \"z\" : \"\\u006e\\/\" ,\n\t\"a\" : 1.50,\n  \"m\":[ 1 ,  2 ] ,\n \"e\":{} }";
    assert_eq!(delivered(&map, body), body);
    let cut = redact(&map, Some(AZIZA), body, without("income")).unwrap();
    assert_eq!(
        text(&cut),
        "{\r\n  \"z\" : \"\\u006e\\/\" ,\n  \"m\":[ 1 ,  2 ] ,\n \"e\":{} }"
    );
}

#[test]
fn t33_keys_that_are_pinfls_are_pseudonymised_and_say_whose_the_member_is() {
    let mut map = map(&[("/state", "public")], &[]);
    let key_class = Some(class("identifier"));
    map.entries.push(ClassEntry { key_class, ..entry("/incomes", "income") });
    let body = format!(r#"{{"state":"ok","incomes":{{"{AZIZA}":10,"{BOTIR}":20,"{KAMOLA}":30}}}}"#);
    let rules = |pinfl: &str, class: &str| match (pinfl, class) {
        (BOTIR, _) => Form::Absent,
        (_, "identifier") => Form::Masked(Mask::Last4),
        _ => Form::Clear,
    };
    let redacted = redact(&map, Some(AZIZA), &body, rules).unwrap();
    let [aziza, kamola] = [AZIZA, KAMOLA].map(|pinfl| pseudonym("identifier", pinfl));
    assert_eq!(
        text(&redacted),
        format!(r#"{{"state":"ok","incomes":{{"{aziza}":10,"{kamola}":30}}}}"#)
    );
    let absent = redact(&map, Some(AZIZA), &body, without("identifier")).unwrap();
    assert_eq!(text(&absent), r#"{"state":"ok"}"#);
}

#[test]
fn t37_an_empty_map_shows_nothing() {
    let answer = redact(&map(&[], &[]), Some(AZIZA), r#"{"a":1}"#, clear);
    assert_eq!(answer, Err(RedactionError::NothingToDisclose));
}

#[test]
fn t38_of_two_masks_the_less_revealing_wins_in_either_order() {
    for (own, decided) in [(Mask::Redacted, Mask::Last4), (Mask::Last4, Mask::Redacted)] {
        let mut map = map(&[("/pinfl", "identifier")], &[]);
        map.entries[0].mask = Some(own);
        let body = format!(r#"{{"pinfl":"{AZIZA}"}}"#);
        let redacted =
            redact(&map, Some(AZIZA), body, masked("identifier", decided)).unwrap();
        assert_eq!(text(&redacted), r#"{"pinfl":"••••"}"#);
    }
}

#[test]
fn t40_an_answer_about_somebody_else_delivers_nothing() {
    let map = map(&[("/name", "name")], &[("", "/pinfl")]);
    let body = format!(r#"{{"pinfl":"{BOTIR}","name":"B"}}"#);
    assert_eq!(redact(&map, Some(AZIZA), &body, clear), Err(RedactionError::SubjectMismatch));
    assert!(redact(&map, Some(BOTIR), &body, clear).is_ok());
    for nobody in [r#"{"name":"B"}"#, r#"{"pinfl":"12345678901234","name":"B"}"#, r#"{"pinfl":null}"#] {
        assert_eq!(
            redact(&map, Some(AZIZA), nobody, clear),
            Err(RedactionError::ContractBroken(Breach::NoSubject))
        );
    }
}

#[test]
fn t41_a_list_keeps_only_the_rows_that_may_be_seen_without_gaps() {
    let map = map(
        &[("/total", "public"), ("/rows/*/pinfl", "identifier"), ("/rows/*/income", "income")],
        &[("/rows/*", "/pinfl")],
    );
    let row = |pinfl: &str, income: u32| format!(r#"{{"pinfl":"{pinfl}","income":{income}}}"#);
    let rows = [row(AZIZA, 1), row(BOTIR, 2), row(KAMOLA, 3), row("12345678901234", 4)];
    let body = format!(r#"{{"total":4,"rows":[{}]}}"#, rows.join(","));
    let rules = |pinfl: &str, _: &str| if pinfl == BOTIR { Form::Absent } else { Form::Clear };
    let redacted = redact(&map, None, &body, rules).unwrap();
    assert_eq!(text(&redacted), format!(r#"{{"rows":[{},{}]}}"#, row(AZIZA, 1), row(KAMOLA, 3)));
    assert_eq!(redacted.disclosed.len(), 4);
}

#[test]
fn a_withheld_member_is_null_where_the_map_says_so_and_names_it() {
    let mut map = map(&[("/a", "income"), ("/b", "public"), ("/k/*", "income")], &[]);
    map.withhold = Withhold::Null;
    let body = r#"{"a":1,"b":2,"unlisted":3,"k":{"personal":4}}"#;
    let redacted = redact(&map, Some(AZIZA), body, without("income")).unwrap();
    assert_eq!(text(&redacted), r#"{"a":null,"b":2,"k":null}"#);
}

#[test]
fn a_place_that_two_selectors_claim_is_absent() {
    let map = map(&[("/a/*", "public"), ("/a/b", "health"), ("/c", "public"), ("/c/d", "health")], &[]);
    assert_eq!(delivered(&map, r#"{"a":{"b":1,"x":2},"c":{"d":3}}"#), r#"{"a":{"x":2}}"#);
}

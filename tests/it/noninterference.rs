//! Two answers that differ only in what is withheld leave as the same bytes.

use std::collections::BTreeMap;

use proptest::prelude::*;

use muhrdor::domain::data::{Form, Mask};
use muhrdor::domain::operation::{ClassMap, Withhold};
use muhrdor::redaction::RedactionError;
use muhrdor::redaction::fields::Redacted;
use muhrdor::redaction::head;

use crate::redaction::{AZIZA, BOTIR, KAMOLA, map, redact};

/// A value that may stand anywhere, canaries and identifiers included.
fn value() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        "[a-zA-Z ]{0,12}".prop_map(|s| format!("\"{s}\"")),
        Just(format!("\"canary {KAMOLA}\"")),
        Just("1e400".to_owned()),
        Just("\"\\u0041\\n\"".to_owned()),
    ];
    scalar.prop_recursive(3, 16, 4, |inner| {
        let member = ("[a-z]{1,3}", inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(member, 0..4).prop_map(|members| {
                let unique: BTreeMap<_, _> = members.into_iter().collect();
                let members: Vec<_> = unique.iter().map(|(k, v)| format!("\"{k}\": {v}")).collect();
                format!("{{{}}}", members.join(" ,"))
            }),
        ]
    })
}

/// A record of a person: for each of the classes a value, and one that the map does not list.
#[derive(Debug, Clone)]
struct Record {
    income: Option<String>,
    health: Option<String>,
    name: Option<String>,
    unlisted: Option<String>,
}

fn record() -> impl Strategy<Value = Record> {
    let name = "[A-Za-z]{1,9}".prop_map(|name| format!("\"{name}\""));
    let maybe = || prop::option::weighted(0.8, value());
    (maybe(), maybe(), prop::option::weighted(0.9, name), maybe()).prop_map(
        |(income, health, name, unlisted)| Record { income, health, name, unlisted },
    )
}

fn write(pinfl: &str, record: &Record, rest: &str) -> String {
    let member = |name: &str, value: &Option<String>| {
        value.as_ref().map_or_else(String::new, |value| format!(",\n \"{name}\" : {value} "))
    };
    let Record { income, health, name, unlisted } = record;
    format!(
        "{{ \"pinfl\":\"{pinfl}\"{}{}{}{}{rest}}}",
        member("unlisted", unlisted),
        member("income", income),
        member("health", health),
        member("name", name),
    )
}

/// The same record with other values where the person's classes are withheld. Whether a listed
/// member is there at all may show where a withheld one leaves `null`.
fn disguise(record: &Record, other: &Record, null: bool, form: impl Fn(&str) -> Form) -> Record {
    let pick = |class: &str, own: &Option<String>, another: &Option<String>| {
        let shown = matches!(form(class), Form::Clear | Form::Masked(_));
        let known = null && own.is_some() != another.is_some();
        if shown || known { own } else { another }.clone()
    };
    Record {
        income: pick("income", &record.income, &other.income),
        health: pick("health", &record.health, &other.health),
        name: pick("name", &record.name, &other.name),
        unlisted: other.unlisted.clone(),
    }
}

fn form() -> impl Strategy<Value = Form> {
    prop_oneof![
        Just(Form::Absent),
        Just(Form::Verified),
        Just(Form::Clear),
        Just(Form::Masked(Mask::Redacted)),
        Just(Form::Masked(Mask::Band)),
        Just(Form::Masked(Mask::Partial)),
        Just(Form::Masked(Mask::Last4)),
    ]
}

type Rules = BTreeMap<(&'static str, &'static str), Form>;

fn rules() -> impl Strategy<Value = Rules> {
    prop::collection::vec(form(), 12).prop_map(|forms| {
        let persons = [AZIZA, BOTIR, KAMOLA];
        let classes = ["identifier", "income", "health", "name"];
        let facets = persons.into_iter().flat_map(|p| classes.map(|class| (p, class)));
        facets.zip(forms).collect()
    })
}

fn family(withhold: Withhold) -> ClassMap {
    let mut map = map(
        &[
            ("/pinfl", "identifier"), ("/income", "income"), ("/health", "health"), ("/name", "name"),
            ("/rows/*/pinfl", "identifier"), ("/rows/*/income", "income"),
            ("/rows/*/health", "health"), ("/rows/*/name", "name"),
        ],
        &[("", "/pinfl"), ("/rows/*", "/pinfl")],
    );
    map.withhold = withhold;
    map
}

/// What a reader gets: bytes and header, or the refusal.
fn wire(answer: Result<Redacted, RedactionError>) -> Result<(Vec<u8>, Option<String>), RedactionError> {
    answer.map(|r| (r.bytes.to_vec(), head::withheld(&r.withheld)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_withheld_changes_no_byte_on_the_wire(
        records in prop::collection::vec(record(), 3),
        others in prop::collection::vec(record(), 3),
        rules in rules(),
        null in any::<bool>(),
    ) {
        let map = family(if null { Withhold::Null } else { Withhold::Remove });
        let form = |pinfl: &str, class: &str| {
            rules.iter().find(|((p, c), _)| *p == pinfl && *c == class).map_or(Form::Absent, |(_, f)| *f)
        };
        let body = |records: &[Record]| {
            let rows = [write(BOTIR, &records[1], ""), write(KAMOLA, &records[2], "")];
            write(AZIZA, &records[0], &format!(",\"rows\":[{}]", rows.join(" , ")))
        };
        let persons = [AZIZA, BOTIR, KAMOLA];
        let disguised: Vec<_> = records.iter().zip(&others).zip(persons)
            .map(|((own, other), pinfl)| disguise(own, other, null, |class| form(pinfl, class)))
            .collect();
        let one = wire(redact(&map, Some(AZIZA), body(&records), form));
        let two = wire(redact(&map, Some(AZIZA), body(&disguised), form));
        prop_assert_eq!(&one, &two);
        if let Ok((bytes, _)) = one {
            let text = String::from_utf8(bytes).unwrap();
            prop_assert!(serde_json::from_str::<Box<serde_json::value::RawValue>>(&text).is_ok());
            prop_assert!(!text.contains("unlisted"));
            prop_assert!(!text.contains("canary"), "{}", text);
        }
    }
}

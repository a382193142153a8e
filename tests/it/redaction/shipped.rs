//! The shipped register and rules over answers of the shape that the demo's e-services give.

use http::{HeaderMap, HeaderValue};

use muhrdor::redaction::RedactionError;
use muhrdor::wire::answer::Answer;
use muhrdor::wire::body::Body;

use super::house::{House, inspector};
use super::{AZIZA, BOTIR, KAMOLA};

fn json(status: u16, text: String) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let body = Body::full(text);
    Answer {
        status,
        headers,
        body,
        tunnel: None,
    }
}

fn civil_record() -> String {
    let own = format!(
        r#""pinfl":"{AZIZA}","name":"Aziza Karimova","born":"1985-07-15","passport":"AD 4471203","address":{{"region":"Tashkent city","district":"Yunusobod","street":"Amir Temur 14","flat":"21"}},"phone":"+998901234534","marital_status":"married""#
    );
    let spouse = format!(
        r#"{{"pinfl":"{BOTIR}","name":"Botir Karimov","relation":"spouse","phone":"+998907654388"}}"#
    );
    let child = format!(r#"{{"pinfl":"{KAMOLA}","name":"Kamola Karimova","born":"2015-03-11"}}"#);
    format!(
        r#"{{{own},"relatives":[{spouse}],"children":[{child}],"registry_note":"canary-unmapped"}}"#
    )
}

#[test]
fn a_person_sees_all_of_their_own_record_and_nothing_of_another_person() {
    let house = House::new();
    let operation = house.shipped("civil-registry.record.read");
    let permit = house.permit(operation, house.aziza(), "/records/x");
    let disclosure = house.walk(&permit, json(200, civil_record())).unwrap();
    let text = std::str::from_utf8(disclosure.json().unwrap()).unwrap();
    for own in [
        AZIZA,
        "AD 4471203",
        "+998901234534",
        "Amir Temur 14",
        "married",
    ] {
        assert!(text.contains(own), "{own} is missing in {text}");
    }
    for other in [BOTIR, KAMOLA, "Botir", "Kamola", "+998907654388", "canary"] {
        assert!(!text.contains(other), "{other} stands in {text}");
    }
    assert!(
        disclosure.withheld().is_none(),
        "{:?}",
        disclosure.withheld()
    );
}

#[test]
fn an_inspector_sees_of_the_shipped_pension_record_what_the_case_needs() {
    let house = House::new();
    let operation = house.shipped("pension-fund.record.read");
    let permit = house.permit(operation, inspector(), "/records/x");
    let record = format!(
        r#"{{"pinfl":"{AZIZA}","name":"Aziza Karimova","monthly_income":7341907,"employer":"Chorsu Tekstil","employed_since":"2009-02-01","health":{{"diagnosis":"canary-D86","disability_group":"III"}},"phone":"+998901234534","pension":{{"kind":"disability","state":"assessing"}},"clerk_note":"canary-note"}}"#
    );
    let disclosure = house.walk(&permit, json(200, record)).unwrap();
    let text = std::str::from_utf8(disclosure.json().unwrap()).unwrap();
    for seen in ["7341907", "Chorsu Tekstil", "••••1172", "assessing"] {
        assert!(text.contains(seen), "{seen} is missing in {text}");
    }
    for hidden in [AZIZA, "canary", "disability", "+99890"] {
        assert!(!text.contains(hidden), "{hidden} stands in {text}");
    }
}

#[test]
fn t41_of_all_payees_an_inspector_gets_the_one_of_the_case() {
    let house = House::new();
    let operation = house.shipped("pension-fund.payees.list");
    let permit = house.permit(operation, inspector(), "/payees");
    let row = |pinfl: &str, income: u32| {
        format!(
            r#"{{"pinfl":"{pinfl}","monthly_income":{income},"pension":{{"state":"assessing"}}}}"#
        )
    };
    let rows = [row(BOTIR, 111), row(AZIZA, 222), row(KAMOLA, 333)];
    let list = format!(r#"{{"total":3,"payees":[{}]}}"#, rows.join(","));
    let disclosure = house.walk(&permit, json(200, list)).unwrap();
    assert_eq!(
        std::str::from_utf8(disclosure.json().unwrap()).unwrap(),
        r#"{"payees":[{"pinfl":"••••1172","monthly_income":222,"pension":{"state":"assessing"}}]}"#
    );
}

#[test]
fn that_there_is_no_record_is_told_to_the_one_who_may_ask() {
    let house = House::new();
    let permit = |id, who| house.permit(house.shipped(id), who, "/records/x?below=1000000");
    let absent = || json(404, r#"{"error":"no such record"}"#.to_owned());
    let person = permit("civil-registry.record.read", house.aziza());
    let disclosure = house.walk(&person, absent()).unwrap();
    assert_eq!(disclosure.status(), 404);
    let system = permit("pension-fund.income.verify", super::house::system());
    let refused = house.walk(&system, absent()).unwrap_err();
    assert_eq!(refused, RedactionError::NothingToDisclose);
}

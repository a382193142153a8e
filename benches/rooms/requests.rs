//! What every request goes through: the guard, the target, the rules, the class map.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use muhrdor::domain::data::{Facet, Form, Mask};
use muhrdor::domain::decision::FacetDecision;
use muhrdor::domain::fact::Facts;
use muhrdor::domain::name::DataClass;
use muhrdor::domain::operation::{ClassMap, Mode};
use muhrdor::domain::person::{Person, PersonId, Pinfl};
use muhrdor::policy::{Policy, Vocabulary};
use muhrdor::redaction::fields::{BHM_SOUM, Masks, Reading, Redacted};
use muhrdor::redaction::json::{self, Limits};
use muhrdor::register::{KnownNames, Register};
use muhrdor::server::guard::{self, Guard, Verdict};
use muhrdor::wire::path::Target;

use crate::generated::{CLASSES, facts_with_role, generated};
use crate::measure::Table;
use crate::world;

const HEAD: &[u8] = b"GET /pension/records/41507850211172?lang=uz HTTP/1.1\r\n\
    Host: portal.example\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Language: uz-Latn,uz;q=0.8,ru;q=0.5,en;q=0.3\r\n\
    Accept-Encoding: gzip, deflate, br\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
    Cookie: __Host-muhrdor=Q2l0aXplbnMgYW5kIG9mZmljaWFscyBhcmUgdHdvIHJlYWxtcw\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Muhrdor-Purpose: pension.assess\r\n\
    Muhrdor-Case: \"PF-2026-0017\"\r\n\
    \r\n";

const TARGET: &[u8] = b"/pension/records/41507850211172/%D2%B3%D0%B8%D1%81%D0%BE%D0%B1?lang=uz&a=b";

const OF: &str = "41507850211172";

const RECORD: &str = r#"{"pinfl":"41507850211172","name":"Aziza Karimova","monthly_income":4250000,"employer":"Toshkent tikuv fabrikasi","employed_since":"2019-04-01","health":{"diagnosis":"withheld","disability_group":"III"},"phone":"+998901234567","pension":{"kind":"disability","state":"assessing"},"clerk_note":"earns 4250000, suffers withheld"}"#;

pub(crate) fn measure(table: &mut Table) {
    table.row("guard: one head of ten fields", guard);
    table.row("path: one target, parsed and written", || {
        Target::parse(TARGET).unwrap().origin_form()
    });
    if table.wants("register: one route") {
        let register = register();
        let target = Target::parse(b"/pension/records/41507850211172").unwrap();
        table.row("register: one route", || {
            register
                .route("localhost", &http::Method::GET, &target)
                .unwrap()
        });
    }
    if table.wants("policy: the gate, and fourteen facets, shipped rules") {
        decide(table, "shipped rules", &world::policy(), &world::facts());
    }
    if table.wants("policy: the gate, and fourteen facets, 1000 rules more") {
        let policy = world::load(&generated(1000)).unwrap();
        decide(table, "1000 rules more", &policy, &facts_with_role());
    }
    if table.wants("redaction: a pension record") {
        redaction(table);
    }
}

fn guard() -> usize {
    let mut guard = Guard::new(guard::Limits::default());
    let mut released = Vec::with_capacity(HEAD.len());
    let fed = guard.feed(HEAD, &mut released);
    assert!(
        matches!(fed.verdict, Verdict::RequestEnd),
        "the head is a whole request"
    );
    released.len()
}

fn decide(table: &mut Table, rules: &str, policy: &Arc<Policy>, facts: &Facts) {
    let facets = CLASSES.map(|class| world::facet(1, class));
    let gate = || policy.decide(world::ask(facts)).unwrap();
    table.row(&format!("policy: the gate, {rules}"), gate);
    let permit = gate();
    let some = permit
        .decide(&facets, facts)
        .iter()
        .any(|d| d.form == Form::Clear);
    assert!(some, "something may be seen");
    table.row(&format!("policy: fourteen facets, {rules}"), || {
        permit.decide(&facets, facts)
    });
}

/// The record as an inspector gets it: income clear, identifier masked, health absent.
fn redaction(table: &mut Table) {
    let map = record_map();
    let bytes = Bytes::from_static(RECORD.as_bytes());
    let read = || {
        let document = json::parse(bytes.clone(), &Limits::default()).unwrap();
        Reading::of(document, Arc::clone(&map), identify(OF), &identify).unwrap()
    };
    table.row("redaction: a pension record, read", read);
    let reading = read();
    let decisions: Vec<_> = reading.facets().into_iter().map(decision).collect();
    let masks = Masks {
        pseudonym: &|_, _| None,
        bhm_soum: BHM_SOUM,
    };
    let redact = |reading: &Reading| -> Redacted { reading.redact(&decisions, &masks).unwrap() };
    let left = redact(&reading);
    let text = std::str::from_utf8(&left.bytes).unwrap();
    assert!(text.contains("4250000") && !text.contains(OF) && !text.contains("withheld"));
    table.row("redaction: a pension record, cut and searched", || {
        redact(&reading)
    });
    table.row("redaction: a pension record, all of it", || redact(&read()));
}

fn decision(facet: Facet) -> FacetDecision {
    let form = match facet.class.as_str() {
        "identifier" => Form::Masked(Mask::Last4),
        "health" => Form::Absent,
        _ => Form::Clear,
    };
    FacetDecision {
        facet,
        form,
        rules: Vec::new(),
        hint: None,
        degraded: false,
    }
}

fn record_map() -> Arc<ClassMap> {
    let register = register();
    let operation = register
        .operations()
        .find(|operation| operation.id.as_str() == "pension-fund.record.read")
        .unwrap();
    let map = operation
        .contracts
        .iter()
        .find_map(|contract| match &contract.mode {
            Mode::Fields(map) if contract.status == 200 => Some(Arc::clone(map)),
            Mode::Fields(_) | Mode::Public | Mode::Whole { .. } => None,
        });
    map.unwrap()
}

/// The shipped register, with the shipped vocabulary's names.
fn register() -> Register {
    let words: Vocabulary = Policy::vocabulary_of(&world::shipped()).unwrap();
    let known = KnownNames {
        documents: words.documents().map(|kind| kind.id.clone()).collect(),
        purposes: words.purposes().map(|purpose| purpose.id.clone()).collect(),
        classes: words
            .classes()
            .map(|class| class.id.clone())
            .collect::<BTreeSet<DataClass>>(),
        roles: words.roles().map(|(role, _)| role.clone()).collect(),
        agencies: words
            .agencies()
            .map(|a| (a.id.clone(), a.names.clone()))
            .collect(),
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/services");
    Register::load(&folder, &known).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// Whom a PINFL is of; the keyed pseudonym is measured with the keys, not here.
fn identify(text: &str) -> Option<Person> {
    let pinfl = Pinfl::parse(text).ok()?;
    let mut id = [0; 32];
    id[..text.len()].copy_from_slice(text.as_bytes());
    Some(Person {
        id: PersonId::from_bytes(id),
        pinfl,
    })
}

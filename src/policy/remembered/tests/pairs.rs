//! Each part of a pattern is needed: for each there are two asks that differ in it alone, and a rule
//! that says yes to the one and no to the other.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::domain::name::{DepartmentId, DocumentKind, OfficialId, RealmId};
use crate::domain::peer::Channel;
use crate::domain::principal::{AcrRank, DisplayName, PersonPrincipal, Principal};
use crate::policy::cedar::tests::scenes::{NOW, person};
use crate::policy::remembered::pattern::{Part, Pattern};

use super::asks::{
    Ask, agency, asking_official, asking_system, case, citizen, class, gate, income_of, official,
    operations, purpose, role, staff, system,
};
use super::{Given, load};

/// A part, an ask, what a rule says of it, and the change that makes it another ask.
struct Pair {
    part: &'static str,
    ask: Ask,
    rule: String,
    change: fn(&mut Ask),
}

#[test]
fn each_part_of_a_pattern_is_needed() {
    let pairs: Vec<Pair> = [
        of_asker(),
        of_ask(),
        of_case(),
        of_facts(),
        of_consent(),
        of_facet(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let named: BTreeSet<&str> = pairs.iter().map(|pair| pair.part).collect();
    let parts = Pattern::PARTS.iter().map(|part| part.0);
    assert_eq!(named, parts.chain(["operation"]).collect());
    // Each rule is for the asks of its own pair: they are the only ones of that age.
    let rules = pairs.iter().enumerate().map(|(n, pair)| {
        let age = format!("context.authAge == {}", age_seconds(n));
        format!("@journal(\"full\") {} }}", pair.rule.replace("AGE", &age))
    });
    let policy = load(is_no_rule, rules);
    let operations = operations();
    for (n, pair) in pairs.iter().enumerate() {
        let mut first = pair.ask.clone();
        first.given.signed_in_before(age_seconds(n));
        let mut second = first.clone();
        (pair.change)(&mut second);
        let [first, second] = [first, second].map(|ask| ask.answered(&policy, &operations));
        assert_eq!(first.remembered, first.anew, "{}", pair.part);
        assert_eq!(
            second.remembered, second.anew,
            "{}: the other's answer",
            pair.part
        );
        assert_ne!(first.anew, second.anew, "{}: no rule sees it", pair.part);
        assert_ne!(first.pattern, second.pattern, "{}", pair.part);
        let mut without = [first.pattern, second.pattern];
        let part = Pattern::PARTS.iter().find(|part| part.0 == pair.part);
        for pattern in &mut without {
            match part {
                Some(Part(_, cut)) => cut(pattern),
                None => pattern.of_operation(&operations[0]),
            }
        }
        assert_eq!(
            without[0], without[1],
            "{}: more than it differs",
            pair.part
        );
    }
}

/// The part that no rule can see yet: departments have no names in rules.
#[test]
fn an_official_of_another_department_is_another_asker() {
    let rule = format!(
        "@journal(\"full\") {} }}",
        official_rule().replace("AGE", "true")
    );
    let policy = load(is_no_rule, [rule].into_iter());
    let operations = operations();
    let ask = gate(official());
    let mut other = ask.clone();
    staff(&mut other).department = DepartmentId::parse("audit").ok();
    let [first, second] = [ask, other].map(|ask| ask.answered(&policy, &operations).pattern);
    assert_ne!(first, second);
}

fn of_asker() -> Vec<Pair> {
    let apart = |mut given: Given| {
        given.facts.consents.clear();
        given.facts.staff = None;
        gate(given)
    };
    vec![
        pair("kind of asker", apart(official()), official_rule(), |ask| {
            ask.given.principal = Principal::Person(Arc::new(PersonPrincipal {
                person: person(3),
                realm: RealmId::parse("r").unwrap(),
                name: DisplayName(String::new()),
                assurance: ask.given.principal.assurance().unwrap(),
            }));
        }),
        pair(
            "body",
            apart(official()),
            gate_rule("Official", r#"principal.agency.sector == "state""#),
            |ask| asking_official(ask).agency = agency("demo-bank"),
        ),
        pair(
            "body",
            apart(system()),
            gate_rule("System", r#"principal.agency.sector == "state""#),
            |ask| asking_system(ask).agency = agency("demo-bank"),
        ),
        pair(
            "roles",
            gate(official()),
            r#"permit (principal is Gov::Official in Gov::Role::"pension-inspector", action in Gov::Action::"invoke", resource is Gov::Operation) when { AGE"#.to_owned(),
            |ask| staff(ask).roles = vec![role("protection-unit")],
        ),
        pair(
            "roles",
            gate(system()),
            r#"permit (principal is Gov::System in Gov::Role::"income-checker", action in Gov::Action::"invoke", resource is Gov::Operation) when { AGE"#.to_owned(),
            |ask| asking_system(ask).roles = Vec::new(),
        ),
        pair(
            "active",
            gate(official()),
            gate_rule("Official", "principal.active"),
            |ask| staff(ask).active = false,
        ),
        pair(
            "trained",
            gate(official()),
            gate_rule("Official", "principal.trained"),
            |ask| staff(ask).trained_until = NOW,
        ),
    ]
}

fn of_ask() -> Vec<Pair> {
    let writing = Ask {
        operation: 1,
        ..gate(official())
    };
    vec![
        pair(
            "operation",
            writing,
            r#"permit (principal is Gov::Official, action == Gov::Action::"submit", resource is Gov::Operation) when { AGE"#.to_owned(),
            |ask| ask.operation = 0,
        ),
        pair(
            "purpose",
            gate(official()),
            gate_rule("Official", r#"context has purpose && context.purpose in Gov::Purpose::"pension.assess""#),
            |ask| ask.given.purpose = Some(purpose("own.view")),
        ),
        pair(
            "channel",
            gate(official()),
            gate_rule("Official", r#"context.channel == "portal""#),
            |ask| ask.given.channel = Channel::Interdepartmental,
        ),
        pair(
            "rank",
            gate(official()),
            gate_rule("Official", "context.acr >= 2"),
            |ask| asking_official(ask).assurance.rank = AcrRank::new(1).unwrap(),
        ),
        pair("time since the sign-in", gate(official()), official_rule(), |ask| {
            let assurance = &mut asking_official(ask).assurance;
            assurance.authenticated_at = assurance.authenticated_at.plus_ms(-500_000_000);
        }),
        pair(
            "rules that have run out",
            gate(official()),
            r#"@until("2026-11-24") permit (principal is Gov::Official, action in Gov::Action::"invoke", resource is Gov::Operation) when { AGE"#.to_owned(),
            |ask| {
                ask.given.now = ask.given.now.plus_ms(DAY_MS);
                let assurance = &mut asking_official(ask).assurance;
                assurance.authenticated_at = assurance.authenticated_at.plus_ms(DAY_MS);
            },
        ),
        pair(
            "who is whom",
            gate(official()),
            gate_rule("Official", "resource has subject && context has caseRef && context.caseRef.subject == resource.subject"),
            |ask| case(ask).subject = person(3).id,
        ),
        pair(
            "standings",
            gate(official()),
            gate_rule("Official", "resource has subject && resource.subject has restricted && resource.subject.restricted"),
            |ask| ask.given.facts.standings[1].1.restricted = false,
        ),
    ]
}

fn of_case() -> Vec<Pair> {
    let assigned_to = |number: &str| {
        let mut ask = gate(official());
        case(&mut ask).assignees = vec![OfficialId::parse(number).unwrap()];
        ask
    };
    vec![
        pair(
            "body of the case",
            gate(official()),
            gate_rule(
                "Official",
                r#"context has caseRef && context.caseRef.agency.sector == "state""#,
            ),
            |ask| case(ask).agency = agency("demo-bank"),
        ),
        pair(
            "purpose of the case",
            gate(official()),
            gate_rule(
                "Official",
                r#"context has caseRef && context.caseRef.purpose in Gov::Purpose::"pension.assess""#,
            ),
            |ask| case(ask).purpose = purpose("own.view"),
        ),
        pair(
            "case open",
            gate(official()),
            gate_rule("Official", "context has caseRef && context.caseRef.open"),
            |ask| case(ask).open = false,
        ),
        pair(
            "case assigned",
            assigned_to("O-1"),
            gate_rule(
                "Official",
                "context has caseRef && context.caseRef.assignees.contains(principal)",
            ),
            |ask| case(ask).assignees = vec![OfficialId::parse("O-2").unwrap()],
        ),
        pair(
            "how many work on the case",
            assigned_to("O-2"),
            gate_rule(
                "Official",
                "context has caseRef && context.caseRef.assignees.isEmpty()",
            ),
            |ask| case(ask).assignees.clear(),
        ),
    ]
}

fn of_facts() -> Vec<Pair> {
    vec![
        pair(
            "purposes of the mandate",
            gate(citizen()),
            gate_rule(
                "Citizen",
                r#"context has mandate && context.mandate.purposes.contains(Gov::Purpose::"own")"#,
            ),
            |ask| ask.given.facts.mandates[0].purposes = vec![purpose("pension.assess")],
        ),
        pair(
            "mandate valid",
            gate(citizen()),
            gate_rule("Citizen", "context has mandate && context.mandate.valid"),
            |ask| ask.given.facts.mandates[0].valid_until = NOW,
        ),
        pair(
            "issuer of the document",
            gate(official()),
            gate_rule(
                "Official",
                r#"context has document && context.document.issuer.sector == "state""#,
            ),
            |ask| ask.given.document = Some((person(1).id, agency("demo-bank"), false)),
        ),
        pair(
            "kind of the document",
            gate(official()),
            gate_rule(
                "Official",
                r#"context has document && context.document.kind == "birth-certificate""#,
            ),
            |ask| ask.given.kind = DocumentKind::parse("pension-certificate").unwrap(),
        ),
        pair(
            "document revoked",
            gate(official()),
            gate_rule(
                "Official",
                "context has document && !context.document.revoked",
            ),
            |ask| ask.given.document = Some((person(1).id, agency("civil-registry"), true)),
        ),
    ]
}

fn of_consent() -> Vec<Pair> {
    vec![
        pair(
            "purposes of the consent",
            gate(system()),
            gate_rule(
                "System",
                r#"context has consent && context.consent.purposes.contains(Gov::Purpose::"pension.assess")"#,
            ),
            |ask| ask.given.facts.consents[0].purposes = vec![purpose("own")],
        ),
        pair(
            "classes of the consent",
            gate(system()),
            gate_rule(
                "System",
                r#"context has consent && context.consent.classes.contains(Gov::DataClass::"income")"#,
            ),
            |ask| ask.given.facts.consents[0].classes = vec![class("health")],
        ),
        pair(
            "consent valid",
            gate(system()),
            gate_rule("System", "context has consent && context.consent.valid"),
            |ask| ask.given.facts.consents[0].valid_until = NOW,
        ),
        pair(
            "consent withdrawn",
            gate(system()),
            gate_rule(
                "System",
                "context has consent && !context.consent.withdrawn",
            ),
            |ask| ask.given.facts.consents[0].withdrawn = true,
        ),
    ]
}

fn of_facet() -> Vec<Pair> {
    let facet = || Ask {
        facet: true,
        ..gate(official())
    };
    vec![
        pair(
            "class",
            facet(),
            r#"permit (principal is Gov::Official, action == Gov::Action::"view", resource is Gov::Facet in Gov::DataClass::"income") when { AGE && context has purpose && context.purpose in Gov::Purpose::"pension.assess""#.to_owned(),
            |ask| ask.given.facets[0].class = class("health"),
        ),
        pair(
            "bulk",
            facet(),
            r#"permit (principal is Gov::Official, action == Gov::Action::"view", resource is Gov::Facet) when { AGE && context has purpose && context.purpose in Gov::Purpose::"pension.assess" && context.bulk < 2"#.to_owned(),
            |ask| ask.given.facets.push(income_of(2)),
        ),
    ]
}

fn age_seconds(pair: usize) -> i64 {
    1_000 + i64::try_from(pair).unwrap()
}

fn pair(part: &'static str, ask: Ask, rule: String, change: fn(&mut Ask)) -> Pair {
    Pair {
        part,
        ask,
        rule,
        change,
    }
}

/// Files of the bundle that neither rule nor ask about rules.
fn is_no_rule(path: &str) -> bool {
    let is_rule = Path::new(path).extension().is_some_and(|e| e == "cedar");
    !is_rule && !path.starts_with("tests/")
}

/// Whether a caller of this kind may call an operation, on a condition.
fn gate_rule(who: &str, condition: &str) -> String {
    format!(
        r#"permit (principal is Gov::{who}, action in Gov::Action::"invoke", resource is Gov::Operation) when {{ AGE && {condition}"#
    )
}

fn official_rule() -> String {
    gate_rule("Official", "true")
}

const DAY_MS: i64 = 86_400_000;

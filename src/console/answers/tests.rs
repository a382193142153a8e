use serde_json::json;

use super::rule::{read, without_annotations};
use super::*;
use crate::console::shape::Condition;

const RULE: &str = r#"@id("case-officer-income")
@title_en("permit (this) is not yet the rule")
permit (
  principal in Gov::Role::"pension-inspector",
  action == Gov::Action::"view",
  resource is Gov::Facet in Gov::DataClass::"income"
)
when
{
  principal is Gov::Official &&
  context has purpose &&
  context.purpose == Gov::Purpose::"pension.assess" &&
  context has caseRef &&
  context.caseRef.open &&
  context.caseRef.assignees.contains(principal) &&
  principal.trained &&
  context.acr >= 2
};"#;

#[test]
fn a_permit_reads_back_as_who_what_and_when() {
    let reading = read(RULE, &Lexicon::default()).unwrap();
    let told = json!([reading.who, reading.actions, reading.data]);
    assert_eq!(told[0]["kind"], "official");
    assert_eq!(told[0]["role"]["code"], "pension-inspector");
    assert_eq!(told[1], json!(["view"]));
    assert_eq!(told[2]["kind"], "facet");
    assert_eq!(told[2]["class"]["code"], "income");
    let [Condition::Purpose { purpose }, rest @ ..] = reading.when.as_slice() else {
        panic!("{:?}", reading.when);
    };
    assert_eq!(purpose.code, "pension.assess");
    assert_eq!(
        rest,
        [Condition::Case, Condition::Training, Condition::Assurance { rank: 2 }]
    );
}

#[test]
fn a_forbid_is_never_read_as_its_opposite() {
    let rule = r"forbid (principal is Gov::Official, action, resource)
        when { context.acr >= 2 && resource.subject == principal.person }
        unless { principal.active && principal.trained };";
    let reading = read(rule, &Lexicon::default()).unwrap();
    assert_eq!(reading.actions, ["any"]);
    assert_eq!(reading.data.kind, "any");
    assert_eq!(reading.when, [Condition::Other, Condition::Except]);
}

#[test]
fn the_exact_text_begins_where_the_rule_does() {
    let text = without_annotations(RULE);
    assert!(text.starts_with("permit (\n  principal"), "{text}");
    assert!(text.ends_with("};"));
}

//! The shipped bundle with many rules more: what the scale test and the benches decide with.

use std::fmt::Write;

use muhrdor::domain::fact::Facts;
use muhrdor::domain::name::RoleId;
use muhrdor::policy::Source;

use super::world::{facts, shipped, with};

/// A class for each of fourteen facets.
pub(super) const CLASSES: [&str; 14] = [
    "contact",
    "identifier",
    "name",
    "civil-status",
    "address",
    "education",
    "employment",
    "income",
    "property",
    "tax",
    "photo",
    "health",
    "criminal",
    "genetic",
];

const ROLES: usize = 20;

/// The shipped bundle with twenty roles and so many case-bound permits for them more.
pub(super) fn generated(count: usize) -> Source {
    let shipped = shipped();
    let words = String::from_utf8(shipped.file("vocabulary.toml").unwrap().to_vec()).unwrap();
    let titles = r#"{ uz = "a", uzc = "а", ru = "а", en = "a" }"#;
    let role = |n| format!("\n[[role]]\nid = \"generated-{n}\"\ntitles = {titles}\n");
    let words: String = std::iter::once(words).chain((0..ROLES).map(role)).collect();
    let rules = generated_rules(count);
    with(&[
        ("vocabulary.toml", Some(&words)),
        ("generated.cedar", Some(&rules)),
    ])
}

/// The inspector, who has one of the generated roles too.
pub(super) fn facts_with_role() -> Facts {
    let mut facts = facts();
    let roles = &mut facts.staff.as_mut().unwrap().roles;
    roles.push(RoleId::parse("generated-3").unwrap());
    facts
}

fn generated_rules(count: usize) -> String {
    let mut rules = String::new();
    for n in 0..count {
        let class = CLASSES[n % CLASSES.len()];
        let role = format!("generated-{}", n % ROLES);
        write!(
            rules,
            r#"@id("generated-{n}") @title_uz("a") @title_uzc("а") @title_ru("а") @title_en("a")
@basis("zru-547-duties") @owner("portal") @journal("full")
permit (principal in Gov::Role::"{role}", action == Gov::Action::"view",
  resource is Gov::Facet in Gov::DataClass::"{class}")
when {{ principal is Gov::Official && context has purpose &&
  context.purpose == Gov::Purpose::"pension.review" && context has caseRef &&
  context.caseRef.subject == resource.subject && context.caseRef.open &&
  context.bulk <= {n} && context.acr >= 2 }};
"#
        )
        .unwrap();
    }
    rules
}

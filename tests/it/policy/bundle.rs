//! What a bundle may be.

use std::fs;

use muhrdor::policy::{Source, report, run};

use super::world::{load, policy, shipped, with};

const NOTES: &str = r#"
@title_uz("Sinov.") @title_uzc("Синов.") @title_ru("Проба.") @title_en("A trial.")
@basis("zru-547-duties") @owner("portal")
"#;

const SCOPE: &str = r#"permit (principal is Gov::Citizen, action == Gov::Action::"invoke",
    resource is Gov::Operation)"#;

/// Loading with this file more fails, at this line of it, with these words.
#[track_caller]
fn check_refused(rules: &str, line: u32, words: &str) {
    let problems = load(&with(&[("more.cedar", Some(rules))])).expect_err("the bundle loaded");
    let place = format!("more.cedar:{line}: ");
    assert!(
        problems
            .iter()
            .any(|p| p.starts_with(&place) && p.contains(words)),
        "no `{words}` at {place} in {problems:#?}"
    );
}

fn rule(notes: &str, body: &str) -> String {
    format!("{notes}{NOTES}{body}")
}

#[test]
fn the_shipped_bundle_loads_and_its_own_tests_hold() {
    let suites = run(&policy(), &shipped()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let (text, json) = report(&suites);
    assert_eq!(json["failed"], 0, "\n{text}");
    assert!(json["total"].as_u64() > Some(40), "\n{text}");
}

#[test]
fn a_check_that_does_not_hold_says_where_and_how() {
    let suite = r#"
suite = "Wrong on purpose"
clock = "2026-11-23T09:00:00Z"
[persons.karima]
[operations.record]
agency = "pension-fund"
who = ["person"]
subject = "given"
purposes = [{ who = "person", purpose = "own.view" }]
[[check]]
name = "a person does not see their own income"
who = "karima"
does = "record"
on = "karima"
expect = { gate = "allowed", "personal/*" = "clear", "special/*" = "absent", income = "absent" }
by = ["mandate"]
"#;
    let source = with(&[("tests/wrong.toml", Some(suite))]);
    let suites = run(&load(&source).unwrap(), &source).unwrap();
    let (text, _) = report(&suites);
    for line in [
        "wrong.toml:10: income is clear, not absent",
        "wrong.toml:10: `mandate` is not",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn t60_annotations_are_a_closed_vocabulary() {
    let body = format!("{SCOPE} when {{ resource.public }};");
    assert!(load(&with(&[("more.cedar", Some(&rule("@id(\"a\")", &body)))])).is_ok());
    let table = [
        (
            "@id(\"a\") @alarm(\"loud\")",
            "`@alarm` is not an annotation",
        ),
        ("", "`@id` is missing"),
        ("@id(\"Own Data\")", "is not a rule's name"),
        ("@id(\"own-data\")", "`own-data` also names the rule at"),
        (
            "@id(\"a\") @mask(\"last4\")",
            "`@mask` on a rule that masks nothing",
        ),
        (
            "@id(\"a\") @journal(\"some\")",
            "`some` is no value of `@journal`",
        ),
        (
            "@id(\"a\") @notify(\"subject-now, mother\")",
            "`mother` is no value of `@notify`",
        ),
        (
            "@id(\"a\") @hint(\"step_up:9\")",
            "`step_up:9` is no value of `@hint`",
        ),
        (
            "@id(\"a\") @code(\"because\")",
            "`because` is no value of `@code`",
        ),
        (
            "@id(\"a\") @until(\"tomorrow\")",
            "`tomorrow` is no value of `@until`",
        ),
        (
            "@id(\"a\") @review(\"24h\")",
            "`@review` is not an annotation",
        ),
    ];
    for (notes, words) in table {
        let line = if notes.is_empty() { 2 } else { 1 };
        let problems = load(&with(&[("more.cedar", Some(&rule(notes, &body)))])).unwrap_err();
        assert!(
            problems.iter().any(|p| p.contains(words)),
            "{line}: {words}: {problems:#?}"
        );
    }
    let twice = rule("@id(\"a\") @id(\"b\")", &body);
    check_refused(&twice, 1, "duplicate annotation");
    let untitled = format!(
        "@id(\"a\"){}{body}",
        NOTES.replace("@title_ru(\"Проба.\")", "")
    );
    check_refused(&untitled, 1, "the text in ru is empty");
    let apostrophe = format!("@id(\"a\"){}{body}", NOTES.replace("Sinov.", "O'z sinovi."));
    check_refused(&apostrophe, 1, "apostrophe other than U+02BB");
    let no_mask = r#"permit (principal is Gov::Citizen, action == Gov::Action::"viewMasked",
        resource is Gov::Facet) when { context has purpose &&
        context.purpose == Gov::Purpose::"own.view" };"#;
    check_refused(&rule("@id(\"a\")", no_mask), 1, "`@mask` is missing");
}

#[test]
fn t56_a_forbid_may_not_compute() {
    let body = r#"forbid (principal, action == Gov::Action::"view", resource is Gov::Facet)
        when { context.bulk * 9223372036854775807 > 100 };"#;
    check_refused(
        &rule("@id(\"a\") @code(\"not_permitted\")", body),
        1,
        "a forbid that computes",
    );
}

#[test]
fn t57_nothing_loads_without_its_schema_and_nothing_untyped_with_it() {
    let problems = load(&with(&[("schema.cedarschema", None)])).unwrap_err();
    assert!(
        problems[0].starts_with("schema.cedarschema: the file is missing"),
        "{problems:#?}"
    );
    let body = r#"forbid (principal, action == Gov::Action::"view", resource is Gov::Facet)
        when { context.channel in ["portal"] };"#;
    check_refused(
        &rule("@id(\"a\") @code(\"not_permitted\")", body),
        1,
        "unexpected type",
    );
}

#[test]
fn t65_a_bundle_that_permits_nothing_or_leaves_a_slot_is_refused() {
    let files = shipped();
    let none: Vec<_> = files.policies().map(|(path, _)| (path, None)).collect();
    let problems = load(&with(&none)).unwrap_err();
    assert!(
        problems
            .iter()
            .any(|p| p.contains("no rule permits anything")),
        "{problems:#?}"
    );
    let template =
        r#"permit (principal == ?principal, action == Gov::Action::"invoke", resource);"#;
    check_refused(&rule("@id(\"a\")", template), 1, "template");
}

#[test]
fn t66_an_optional_attribute_is_not_read_without_has() {
    let body = r#"permit (principal is Gov::Citizen, action == Gov::Action::"view",
        resource is Gov::Facet) when { context.purpose == Gov::Purpose::"own.view" };"#;
    check_refused(&rule("@id(\"a\")", body), 1, "optional attribute");
}

#[test]
fn t37_names_that_nobody_has_and_rules_for_one_person_are_refused() {
    let permit = |condition: &str| {
        rule(
            "@id(\"a\")",
            &format!("{SCOPE} when {{ context has purpose && {condition} }};"),
        )
    };
    check_refused(
        &permit(r#"context.purpose == Gov::Purpose::"pencion""#),
        1,
        "pencion",
    );
    check_refused(
        &permit(r#"principal == Gov::Citizen::"ab""#),
        1,
        "names one Citizen",
    );
    let class = r#"forbid (principal, action == Gov::Action::"view",
        resource is Gov::Facet in Gov::DataClass::"incomes");"#;
    check_refused(
        &rule("@id(\"a\") @code(\"not_permitted\")", class),
        1,
        "incomes",
    );
    let service = SCOPE.replace(
        "resource is Gov::Operation",
        "resource in Gov::Service::\"no\"",
    );
    check_refused(
        &rule("@id(\"a\")", &format!("{service};")),
        1,
        "Gov::Service::\"no\"",
    );
}

#[test]
fn a_permit_says_who_may_do_what_for_which_purpose() {
    let all = rule("@id(\"a\")", "permit (principal, action, resource);");
    check_refused(&all, 1, "permits everybody everything");
    let purposeless = r#"permit (principal is Gov::Citizen, action == Gov::Action::"view",
        resource is Gov::Facet in Gov::DataClass::"contact") when { context.acr > 1 };"#;
    check_refused(&rule("@id(\"a\")", purposeless), 1, "for any purpose");
    // Deeper than what the gateway loads, and a word that Cedar does not know.
    let deep = r#"permit (principal is Gov::Citizen, action == Gov::Action::"invoke",
        resource is Gov::Operation) when { context has caseRef && resource has subject &&
        resource.service in Gov::Agency::"portal" && resource.subject has minor };"#;
    assert!(load(&with(&[("more.cedar", Some(&rule("@id(\"a\")", deep)))])).is_ok());
    check_refused("\n\npermit (principal action);", 3, "unexpected token");
}

#[test]
fn t73_what_a_bundle_has_no_place_for_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in shipped().files() {
        let place = folder.path().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, bytes).unwrap();
    }
    let whole = Source::read_folder(folder.path()).unwrap();
    assert_eq!(whole.id(), shipped().id());
    fs::write(folder.path().join("notes.txt"), "extra").unwrap();
    std::os::unix::fs::symlink("own.cedar", folder.path().join("again.cedar")).unwrap();
    fs::create_dir_all(folder.path().join("tests/deeper")).unwrap();
    let problems = Source::read_folder(folder.path()).unwrap_err();
    let said: Vec<_> = problems.iter().map(ToString::to_string).collect();
    for name in ["notes.txt", "again.cedar", "deeper"] {
        assert!(said.iter().any(|p| p.contains(name)), "{said:#?}");
    }
    let outside = [("../own.cedar".to_owned(), Vec::new())].into();
    assert!(Source::from_files("x".into(), outside).is_err());
}

#[test]
fn the_id_of_a_bundle_covers_every_byte() {
    let before = shipped().id();
    let test = with(&[("tests/one.toml", Some("# nothing"))]).id();
    let blank = with(&[("documents.cedar", Some("\n"))]).id();
    assert_ne!(before, test);
    assert_ne!(before, blank);
    assert_eq!(before, with(&[]).id());
    let manifest = String::from_utf8(shipped().manifest()).unwrap();
    let line = manifest.lines().next().unwrap();
    assert_eq!(line.split("  ").map(str::len).next(), Some(64), "{line}");
}

#[test]
fn a_vocabulary_with_a_circle_a_gap_or_a_word_too_many_is_refused() {
    let words = String::from_utf8(shipped().file("vocabulary.toml").unwrap().to_vec()).unwrap();
    let check = |from: &str, to: &str, said: &str| {
        let changed = words.replacen(from, to, 1);
        assert_ne!(changed, words);
        let problems = load(&with(&[("vocabulary.toml", Some(&changed))])).unwrap_err();
        assert!(
            problems.iter().any(|p| p.contains(said)),
            "{said}: {problems:#?}"
        );
    };
    check(
        "id = \"personal\"",
        "id = \"personal\"\nparent = \"special\"",
        "is above itself",
    );
    check(
        "parent = \"duty\"",
        "parent = \"dutty\"",
        "stands below `dutty`",
    );
    check("id = \"tax\"", "id = \"income\"", "`income` is named twice");
    check("sector = \"bank\"", "sector = \"casino\"", "casino");
    check(
        "mask = \"band\"",
        "mask = \"blurred\"",
        "`blurred` is no mask",
    );
    check(
        "en = \"Single portal\"",
        "en = \"\"",
        "the text in en is empty",
    );
}

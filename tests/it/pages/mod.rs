//! What people see: every page in every language.

mod answers;
mod documents;
mod markup;
mod samples;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use muhrdor::domain::principal::DisplayName;
use muhrdor::domain::reason::Reason;
use muhrdor::domain::text::Language;
use muhrdor::wire::pages::{CONTENT_SECURITY_POLICY, Page, Pages};
use serde_json::{Value, json};

use markup::{Tag, TagKind, tags};
use samples::{OPERATIONS, all, answer, claim, console, desk, frame, realms, refusal, render};

/// What a page may weigh on the wire.
const PAGE_BYTES_MAX: usize = 30 * 1024;

fn check_every_page(check: impl Fn(&str, Language, &Page, &[Tag])) {
    let console = console();
    for language in Language::ALL {
        for (name, page) in all(&console, language) {
            let tags = tags(&page.html).unwrap_or_else(|what| panic!("{name} {language}: {what}"));
            check(&name, language, &page, &tags);
        }
    }
}

#[test]
fn every_page_is_well_formed_and_says_its_language() {
    check_every_page(|name, language, page, tags| {
        assert_eq!(page.language, language);
        let html = tags.first().unwrap();
        assert_eq!(html.attribute("lang"), Some(language.tag()), "{name}");
        let opened = |wanted: &str| {
            tags.iter()
                .filter(|t| t.name == wanted && t.kind == TagKind::Open)
                .count()
        };
        assert_eq!(
            (opened("h1"), opened("main"), opened("title")),
            (1, 1, 1),
            "{name}"
        );
        let ids: Vec<_> = tags.iter().filter_map(|tag| tag.attribute("id")).collect();
        let distinct: BTreeSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), distinct.len(), "{name}: an id stands twice");
    });
}

#[test]
fn no_page_weighs_more_than_thirty_kilobytes() {
    check_every_page(|name, language, page, _| {
        let bytes = page.html.len();
        assert!(bytes <= PAGE_BYTES_MAX, "{name} {language}: {bytes} bytes");
    });
}

#[test]
fn no_page_has_script_or_inline_style_or_asks_another_host() {
    let assets = console();
    check_every_page(|name, _, _, tags| {
        for tag in tags {
            assert!(
                !["script", "style", "iframe", "base"].contains(&tag.name.as_str()),
                "{name}"
            );
            for (attribute, value) in &tag.attributes {
                assert!(
                    attribute != "style" && !attribute.starts_with("on"),
                    "{name}: {tag:?}"
                );
                let loads = attribute == "src" || (attribute == "href" && tag.name == "link");
                assert!(!loads || assets.asset(value).is_some(), "{name}: {tag:?}");
                let leads = attribute == "href" || attribute == "action";
                let ours = value.starts_with('/') && !value.starts_with("//");
                let provider = name == "signed-out-there" && value.starts_with("https://id.");
                assert!(
                    !leads || ours || provider || value == "#content",
                    "{name}: {tag:?}"
                );
            }
        }
    });
    assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
    assert!(CONTENT_SECURITY_POLICY.starts_with("default-src 'none'"));
}

#[test]
fn no_page_shows_a_phrase_that_is_missing() {
    check_every_page(|name, language, page, _| {
        assert!(!page.html.contains("[refusal-"), "{name} {language}");
        let missing = page
            .html
            .split('[')
            .skip(1)
            .filter_map(|rest| rest.split_once(']'));
        for (inside, _) in missing {
            let key = |c: char| c.is_ascii_lowercase() || "-_".contains(c);
            assert!(!inside.chars().all(key), "{name} {language}: [{inside}]");
        }
        assert!(
            !page.html.contains("{$") && !page.html.contains("{ $"),
            "{name} {language}"
        );
    });
}

#[test]
fn what_comes_from_outside_is_text_and_never_markup() {
    const HOSTILE: &str = "<script>alert('\"&')</script>";
    let console = console();
    for operation in OPERATIONS {
        let mut json = answer(operation);
        poison(&mut json, HOSTILE);
        let mut frame = frame(Language::Ru, &format!("/my?x={HOSTILE}"));
        frame.account.as_mut().unwrap().name = DisplayName(HOSTILE.into());
        let page = render(&console, operation, &json, &frame).unwrap();
        check_harmless(operation, &page);
    }
    let mut view = refusal(Reason::StrongerSignInNeeded);
    view.return_to = Some(HOSTILE.into());
    view.service = Some(samples::texts(HOSTILE, HOSTILE, HOSTILE, HOSTILE));
    check_harmless(
        "refusal",
        &console.refusal(&view, &frame(Language::En, HOSTILE)),
    );
    let chooser = console.chooser(&realms(), HOSTILE, &frame(Language::En, "/"));
    check_harmless("chooser", &chooser);
    let provider = console.signed_out(Some("javascript:alert(1)"), &frame(Language::En, "/"));
    assert!(!provider.html.contains("javascript:"));
}

fn check_harmless(name: &str, page: &Page) {
    let tags = tags(&page.html).unwrap_or_else(|what| panic!("{name}: {what}"));
    assert!(tags.iter().all(|tag| tag.name != "script"), "{name}");
    assert!(!page.html.contains("<script"), "{name}");
}

/// Puts the hostile text into every text; what must parse (moments, words of ours) stays.
fn poison(json: &mut Value, hostile: &str) {
    match json {
        Value::Object(members) => {
            for (name, member) in members {
                if ![
                    "at",
                    "certainty",
                    "since",
                    "mark",
                    "role",
                    "effect",
                    "form",
                    "kind",
                ]
                .contains(&name.as_str())
                {
                    poison(member, hostile);
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|one| poison(one, hostile)),
        Value::String(text) => *text = format!("{text}{hostile}"),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn a_page_stands_whatever_redaction_took_away() {
    let console = console();
    for operation in OPERATIONS {
        let whole = answer(operation);
        let frame = frame(Language::UzCyrl, "/my");
        assert!(
            render(&console, operation, &json!({}), &frame).is_some(),
            "{operation}"
        );
        for name in whole.as_object().unwrap().keys() {
            let mut less = whole.clone();
            less.as_object_mut().unwrap().remove(name);
            assert!(
                render(&console, operation, &less, &frame).is_some(),
                "{operation}/{name}"
            );
        }
    }
    let journal = json!({"entries": [null, {"at": null, "classes": [null]}]});
    let page = render(
        &console,
        "account.journal",
        &journal,
        &frame(Language::En, "/"),
    )
    .unwrap();
    assert!(page.html.contains("Unknown body"));
}

#[test]
fn an_operation_without_a_page_and_a_body_that_is_no_json_have_none() {
    let console = console();
    let frame = frame(Language::En, "/");
    assert!(render(&console, "pension-fund.record.read", &json!({}), &frame).is_none());
    assert!(render(&console, "account.home", &json!([1]), &frame).is_none());
}

#[test]
fn the_language_switch_leads_back_to_the_same_page() {
    let console = console();
    let mut here = frame(Language::En, "/my/journal?before=1800&lang=en");
    let page = render(
        &console,
        "account.journal",
        &answer("account.journal"),
        &here,
    )
    .unwrap();
    for tag in ["uz-Latn", "uz-Cyrl", "ru", "en"] {
        let href = format!("href=\"/my/journal?before=1800&#38;lang={tag}\"");
        assert!(page.html.contains(&href), "{href}");
    }
    let older = "href=\"/my/journal?before=1732&#38;lang=en\"";
    assert!(page.html.contains(older), "a chosen language stays");
    here.path_and_query = "/my/journal".into();
    let page = render(
        &console,
        "account.journal",
        &answer("account.journal"),
        &here,
    )
    .unwrap();
    assert!(page.html.contains("href=\"/my/journal?before=1732\""));
}

#[test]
fn the_journal_tells_body_kinds_purpose_and_law_and_folds_own_looks() {
    let console = console();
    let here = frame(Language::En, "/my/journal");
    let page = render(
        &console,
        "account.journal",
        &answer("account.journal"),
        &here,
    )
    .unwrap();
    for said in [
        "23.11.2026",
        "13:31",
        "Pension Fund",
        "income, employment",
        "Assessing a pension",
        "938-XII, article 44",
        "You looked at your own data 2 times",
        "Got only “yes” or “no” about",
        "No. 3f7ac1d2e4b59608",
        "Your data stood in an answer about somebody else or about several people.",
        "Your data may have been shown.",
    ] {
        assert!(page.html.contains(said), "{said}");
    }
    let empty = json!({"since": "2026-11-20T04:00:00.000Z", "entries": []});
    let page = render(&console, "account.journal", &empty, &here).unwrap();
    assert!(
        page.html
            .contains("Nobody has looked at your data since 20.11.2026.")
    );
}

#[test]
fn only_an_official_is_asked_what_they_work_on() {
    let console = console();
    let services = answer("directory.services");
    let render = |frame| render(&console, "directory.services", &services, frame).unwrap();
    let mut official = desk(Language::En, claim());
    official.path_and_query = "/services?lang=en".into();
    let page = render(&official);
    for said in [
        "action=\"/oauth2/working_case?lang=en\"",
        "name=\"purpose\" value=\"pension.assess\"",
        "name=\"case\" value=\"PF-2026-000117\"",
        "Now: PF-2026-000117 · pension.assess",
    ] {
        assert!(page.html.contains(said), "{said}");
    }
    let person = render(&frame(Language::En, "/services"));
    assert!(!person.html.contains("working_case"));
}

#[test]
fn a_refusal_says_when_to_try_again_as_a_clock_time() {
    let page = console().refusal(&refusal(Reason::TooManyRequests), &frame(Language::Ru, "/"));
    assert!(page.html.contains("после 14:05:37"), "{}", page.html);
    assert!(page.html.contains("Осталось 37 секунд."));
    assert!(page.html.contains("too_many_requests"));
    assert!(page.html.contains("4f1c09aa7be34d1f93c2a5508d2ee671"));
}

#[test]
fn every_phrase_stands_in_all_four_languages_and_is_used() {
    let files = ["uz-Latn", "uz-Cyrl", "ru", "en"].map(|tag| keys(&format!("{tag}.ftl")));
    let [latin, others @ ..] = &files;
    for other in others {
        assert_eq!(
            latin.symmetric_difference(other).collect::<Vec<_>>(),
            Vec::<&String>::new()
        );
    }
    let code: String = sources()
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let asked: BTreeSet<_> = Reason::ALL.iter().map(|r| format!("reason-{r}")).collect();
    let unused: Vec<_> = latin
        .iter()
        .filter(|key| !asked.contains(*key) && !code.contains(&format!("\"{key}\"")))
        .collect();
    assert!(unused.is_empty(), "no page says {unused:?}");
    let missing: Vec<_> = asked.difference(latin).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn uzbek_is_written_with_its_own_letters() {
    let latin = fs::read_to_string(console_folder().join("texts/uz-Latn.ftl")).unwrap();
    for wrong in ['\'', '\u{2018}', '\u{2019}', '`'] {
        assert!(
            !latin.contains(wrong),
            "{wrong:?} instead of U+02BB or U+02BC"
        );
    }
    let cyrillic = fs::read_to_string(console_folder().join("texts/uz-Cyrl.ftl")).unwrap();
    assert!(!cyrillic.contains(['\u{2bb}', '\u{2bc}']));
}

fn console_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console")
}

fn keys(file: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(console_folder().join("texts").join(file)).unwrap();
    text.lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_once(" ="))
        .map(|(key, _)| key.to_owned())
        .collect()
}

fn sources() -> Vec<PathBuf> {
    let folders = ["pages", "pages/documents", "templates"];
    folders
        .map(|name| console_folder().join(name))
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect()
}

/// Leaves every page where the browser's suite (`tests/interop/pages`) finds it.
#[test]
fn every_page_can_be_looked_at() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(folder.join("assets")).unwrap();
    let console = console();
    let mut assets = BTreeSet::new();
    for language in Language::ALL {
        for (name, page) in all(&console, language) {
            fs::write(folder.join(format!("{name}.{language}.html")), &page.html).unwrap();
            let of_page = tags(&page.html).unwrap();
            let linked = of_page.iter().filter(|tag| tag.name == "link");
            assets.extend(linked.filter_map(|tag| tag.attribute("href").map(str::to_owned)));
        }
    }
    assert_eq!(assets.len(), 2);
    for path in assets {
        let asset = console.asset(&path).unwrap();
        fs::write(folder.join(path.trim_start_matches('/')), asset.bytes).unwrap();
    }
}

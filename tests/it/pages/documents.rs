//! Samples of the pages about documents: the check, each verdict, a document in hand.

use muhrdor::console::Console;
use muhrdor::domain::text::Language;
use muhrdor::domain::time::Timestamp;
use muhrdor::wire::pages::check::{
    AccessView, CheckTrouble, CheckView, IntegrityView, Outcome, RegisteredView, StatusView, Tried,
    VerdictView,
};
use muhrdor::wire::pages::{Frame, Page, Pages};
use serde_json::{Value, json};

use super::check_harmless;
use super::samples::{console, frame, render, texts};

/// Every page about documents but the operation's own.
pub(super) fn all(console: &Console, language: Language) -> Vec<(String, Page)> {
    let nobody = Frame {
        account: None,
        ..frame(language, "/verify?lang=en")
    };
    let troubles = [
        ("", None),
        ("-no-file", Some(CheckTrouble::NoFile)),
        ("-too-large", Some(CheckTrouble::FileTooLarge)),
        (
            "-too-many",
            Some(CheckTrouble::TooManyRequests {
                retry_after_seconds: 180,
            }),
        ),
    ];
    let mut pages: Vec<(String, Page)> = troubles
        .into_iter()
        .map(|(name, trouble)| {
            let host = "portal.example.uz".to_owned();
            let page = console.check(&CheckView { host, trouble }, &nobody);
            (format!("check{name}"), page)
        })
        .collect();
    for (name, view) in verdicts() {
        pages.push((format!("verdict-{name}"), console.verdict(&view, &nobody)));
    }
    pages
}

fn verdicts() -> Vec<(&'static str, VerdictView)> {
    let at = sealed_at();
    let valid = StatusView::Valid { as_of: at };
    let access = |tried| {
        Some(AccessView {
            action: "/verify/28T5CY4T28T5CY4T28T5CY4T281/access".to_owned(),
            tried,
        })
    };
    let registered = VerdictView {
        integrity: IntegrityView::Unchecked,
        certificate: None,
        access: access(Tried::NotYet),
        ..full(Outcome::Registered, valid)
    };
    let wrong = VerdictView {
        access: access(Tried::Wrong),
        ..bare(Outcome::NotOpened)
    };
    let alone = VerdictView {
        kind: None,
        issuer: None,
        ..full(Outcome::Genuine, StatusView::Unknown { after: Some(at) })
    };
    let revoked_by_code = VerdictView {
        outcome: Outcome::Revoked,
        status: StatusView::Revoked { at },
        ..registered.clone()
    };
    let foreign = |intact, trusted| Outcome::Foreign {
        intact,
        trusted,
        signer: Some("C=DE, CN=<b>Someone</b>".to_owned()),
    };
    vec![
        ("genuine", full(Outcome::Genuine, valid)),
        ("genuine-alone", alone),
        ("registered", registered),
        ("wrong-access", wrong),
        (
            "revoked",
            full(Outcome::Revoked, StatusView::Revoked { at }),
        ),
        ("revoked-by-code", revoked_by_code),
        ("altered", bare(Outcome::Altered)),
        ("not-ours", bare(Outcome::NotOurs)),
        ("foreign", bare(foreign(true, false))),
        ("foreign-trusted", bare(foreign(false, true))),
        ("unknown", bare(Outcome::Unknown)),
    ]
}

fn sealed_at() -> Timestamp {
    Timestamp::parse("2026-11-23T09:05:00Z").unwrap()
}

/// All that is said of what was sealed here.
fn full(outcome: Outcome, status: StatusView) -> VerdictView {
    VerdictView {
        outcome,
        integrity: IntegrityView::Intact,
        status,
        kind: Some(texts(
            "Tugʻilganlik haqida guvohnoma",
            "Туғилганлик ҳақида гувоҳнома",
            "Свидетельство о рождении",
            "Birth certificate",
        )),
        issuer: Some(texts(
            "Fuqarolik holati dalolatnomalari yozish organlari",
            "Фуқаролик ҳолати далолатномалари ёзиш органлари",
            "Органы записи актов гражданского состояния",
            "Civil registry offices",
        )),
        certificate: Some("C=UZ, O=Civil registry, OID(2.5.4.97)=civil-registry".to_owned()),
        registered: Some(RegisteredView {
            at: sealed_at(),
            index: 1_204_117,
        }),
        access: None,
        receipt: Some("/verify/28T5CY4T28T5CY4T28T5CY4T281/receipt".to_owned()),
        signed: Some(format!("eyJhbGciOiJFUzI1NiJ9.{}", "ab".repeat(400))),
        host: "portal.example.uz".to_owned(),
    }
}

/// What is said where there is little to say.
fn bare(outcome: Outcome) -> VerdictView {
    VerdictView {
        integrity: IntegrityView::Unchecked,
        kind: None,
        issuer: None,
        certificate: None,
        registered: None,
        receipt: None,
        signed: None,
        ..full(outcome, StatusView::Unknown { after: None })
    }
}

/// What `documents.view` answers whoever holds the paper.
pub(super) fn view() -> Value {
    json!({
        "kind": "birth-certificate",
        "kind_names": {"uz": "Tugʻilganlik haqida guvohnoma", "uzc": "Туғилганлик ҳақида гувоҳнома",
            "ru": "Свидетельство о рождении", "en": "Birth certificate"},
        "issuer": "civil-registry",
        "issuer_names": {"uz": "FHDYO", "uzc": "ФҲДЁ", "ru": "ЗАГС", "en": "Civil registry"},
        "number": "TG-2026-000123",
        "issued_at": "2026-11-23T09:05:00.000Z",
        "status": "revoked",
        "revoked_at": "2026-11-24T09:05:00.000Z",
        "details": {"name": ["A. K."], "civil-status": ["1985"], "identifier": ["••••"],
            "address": ["Toshkent"], "education": ["—"], "other": ["x"]},
        "original": "/verify/28T5CY4T28T5CY4T28T5CY4T281/document",
    })
}

/// The word that only a seal of this portal earns, in each language.
const GENUINE: [(Language, &str); 4] = [
    (Language::UzLatn, "haqiqiy"),
    (Language::UzCyrl, "ҳақиқий"),
    (Language::Ru, "подлинн"),
    (Language::En, "genuine"),
];

fn page(name: &str, language: Language) -> String {
    let (_, view) = verdicts().into_iter().find(|(of, _)| *of == name).unwrap();
    console().verdict(&view, &frame(language, "/verify")).html
}

#[test]
fn only_a_seal_of_this_portal_is_called_genuine() {
    for (language, word) in GENUINE {
        for (name, _) in verdicts() {
            let html = page(name, language).to_lowercase();
            let sealed = name.starts_with("genuine");
            assert_eq!(html.contains(word), sealed, "{name} {language}");
        }
    }
}

#[test]
fn v9_what_a_certificate_calls_itself_is_text() {
    const HOSTILE: &str = "</bdi><script>alert(1)</script>\u{202e}";
    for (name, mut view) in verdicts() {
        view.certificate = Some(HOSTILE.to_owned());
        if let Outcome::Foreign { signer, .. } = &mut view.outcome {
            *signer = Some(HOSTILE.to_owned());
        }
        let page = console().verdict(&view, &frame(Language::En, "/verify"));
        check_harmless(name, &page);
        let escaped = "<bdi>&#60;/bdi&#62;&#60;script&#62;alert(1)";
        assert!(page.html.contains(escaped), "{name}: {}", page.html);
    }
}

#[test]
fn what_was_sealed_here_is_never_shown_without_its_standing() {
    let said = [
        ("genuine", "in force, as of 23.11.2026 14:05"),
        (
            "genuine-alone",
            "not known: it was sealed on 23.11.2026 14:05",
        ),
        ("registered", "in force, as of 23.11.2026 14:05"),
        ("revoked", "revoked on 23.11.2026 14:05"),
        ("revoked-by-code", "revoked on 23.11.2026 14:05"),
    ];
    for (name, standing) in said {
        let html = page(name, Language::En);
        assert!(html.contains(standing), "{name}: {html}");
    }
}

#[test]
fn of_what_was_not_sealed_here_no_axis_of_a_seal_is_told() {
    for name in ["not-ours", "foreign", "foreign-trusted", "unknown"] {
        let html = page(name, Language::En);
        for word in ["Content", "Status", "Issued by", "as it was sealed", "✓"] {
            assert!(!html.contains(word), "{name}: {word}");
        }
    }
    assert!(page("foreign", Language::En).contains("over this file as it stands"));
    assert!(page("foreign-trusted", Language::En).contains("does not hold for this file"));
}

#[test]
fn a_revocation_is_told_as_the_decision_of_the_issuer_and_not_as_a_fault() {
    let html = page("revoked", Language::En);
    let told = "Civil registry offices issued this document, and withdrew it on 23.11.2026";
    assert!(html.contains(told), "{html}");
    assert!(html.contains("as it was sealed, to the last byte"));
    assert!(!html.contains("class=\"sign bad\""));
    assert!(page("altered", Language::En).contains("class=\"sign bad\""));
}

#[test]
fn a_code_alone_never_says_that_the_paper_is_the_document() {
    for name in ["registered", "revoked-by-code"] {
        let html = page(name, Language::En);
        assert!(html.contains("not looked at: only the code was checked"));
        assert!(html.contains("name=\"access\""), "{name}");
    }
    assert!(page("registered", Language::En).contains("does not yet say that the paper"));
}

#[test]
fn a_wrong_access_code_tells_of_no_document_that_it_exists() {
    let html = page("wrong-access", Language::En);
    assert!(html.contains("does not say whether there is such a document"));
    for claim in [
        "There is such a document",
        "was issued",
        "in force",
        "Issued by",
    ] {
        assert!(!html.contains(claim), "{claim}");
    }
}

#[test]
fn an_unknown_code_can_be_typed_again_in_the_language_of_the_page() {
    let unknown = VerdictView {
        outcome: Outcome::Unknown,
        ..verdicts().pop().unwrap().1
    };
    let page = console().verdict(&unknown, &frame(Language::Ru, "/verify?lang=ru"));
    assert!(page.html.contains("name=\"code\""));
    let language = "<input type=\"hidden\" name=\"lang\" value=\"ru\" />";
    assert!(page.html.contains(language), "{}", page.html);
}

#[test]
fn every_answer_names_the_host_it_may_stand_at() {
    for (name, _) in verdicts() {
        let html = page(name, Language::En);
        assert!(html.contains("only here, at portal.example.uz"), "{name}");
    }
}

#[test]
fn too_many_attempts_are_told_with_a_clock_time() {
    let view = CheckView {
        host: "portal.example.uz".to_owned(),
        trouble: Some(CheckTrouble::TooManyRequests {
            retry_after_seconds: 37,
        }),
    };
    let page = console().check(&view, &frame(Language::En, "/verify"));
    let told = "Too many attempts. Try again after 14:05:37.";
    assert!(page.html.contains(told), "{}", page.html);
}

#[test]
fn a_document_in_hand_reads_in_the_order_of_a_paper() {
    let json = view();
    let here = frame(Language::En, "/verify/28T5CY4T28T5CY4T28T5CY4T281/view");
    let html = render(&console(), "documents.view", &json, &here)
        .unwrap()
        .html;
    let at = |word: &str| html.find(word).unwrap_or_else(|| panic!("{word}: {html}"));
    let words = [
        "Number<",
        "Issued<",
        "Name<",
        "Civil status<",
        "Address<",
        "Also says<",
    ];
    let places = words.map(at);
    assert!(places.is_sorted(), "{places:?}");
}

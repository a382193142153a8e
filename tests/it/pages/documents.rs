//! Samples of the pages about documents: the check, each verdict, a document in hand.

use muhrdor::console::Console;
use muhrdor::domain::text::Language;
use muhrdor::domain::time::Timestamp;
use muhrdor::wire::pages::check::{
    AccessView, CheckTrouble, CheckView, Outcome, RegisteredView, StatusView, Tried, VerdictView,
};
use muhrdor::wire::pages::{Frame, Page, Pages};
use serde_json::{Value, json};

use super::samples::{frame, texts};

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
            let host = "portal.example".to_owned();
            let page = console.check(&CheckView { host, trouble }, &nobody);
            (format!("check{name}"), page)
        })
        .collect();
    for (name, view) in verdicts() {
        pages.push((format!("verdict-{name}"), console.verdict(&view, &nobody)));
    }
    pages
}

pub(super) fn verdicts() -> Vec<(&'static str, VerdictView)> {
    let at = Timestamp::parse("2026-11-23T09:05:00Z").unwrap();
    let valid = StatusView::Valid { as_of: at };
    let full = |outcome, status| VerdictView {
        outcome,
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
            at,
            index: 1_204_117,
        }),
        access: None,
        receipt: Some("/verify/28T5CY4T28T5CY4T28T5CY4T281/receipt".to_owned()),
        host: "portal.example".to_owned(),
    };
    let bare = |outcome| VerdictView {
        kind: None,
        issuer: None,
        certificate: None,
        registered: None,
        receipt: None,
        ..full(outcome, StatusView::Unknown)
    };
    let access = |tried| {
        Some(AccessView {
            action: "/verify/28T5CY4T28T5CY4T28T5CY4T281/access".to_owned(),
            tried,
        })
    };
    let registered = VerdictView {
        certificate: None,
        access: access(Tried::NotYet),
        ..full(Outcome::Registered, valid)
    };
    let wrong = VerdictView {
        access: access(Tried::Wrong),
        ..bare(Outcome::Registered)
    };
    let foreign = |intact, trusted| Outcome::Foreign {
        intact,
        trusted,
        signer: Some("C=DE, CN=<b>Someone</b>".to_owned()),
    };
    vec![
        ("genuine", full(Outcome::Genuine, valid)),
        ("registered", registered),
        ("wrong-access", wrong),
        (
            "revoked",
            full(Outcome::Revoked, StatusView::Revoked { at }),
        ),
        ("altered", bare(Outcome::Altered)),
        ("not-ours", bare(Outcome::NotOurs)),
        ("foreign", bare(foreign(true, false))),
        ("foreign-trusted", bare(foreign(false, true))),
        ("unknown", bare(Outcome::Unknown)),
    ]
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
pub(super) const GENUINE: [(Language, &str); 4] = [
    (Language::UzLatn, "haqiqiy"),
    (Language::UzCyrl, "ҳақиқий"),
    (Language::Ru, "подлинн"),
    (Language::En, "genuine"),
];

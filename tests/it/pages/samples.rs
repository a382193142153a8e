//! Views and JSON as the corridor hands them to the pages.

use muhrdor::console::{Console, PortalSettings};
use muhrdor::domain::decision::Hint;
use muhrdor::domain::entry::VisitId;
use muhrdor::domain::name::{CaseNumber, OperationId, PurposeId, RealmId};
use muhrdor::domain::principal::{DisplayName, PrincipalKind};
use muhrdor::domain::purpose::Claim;
use muhrdor::domain::reason::Reason;
use muhrdor::domain::text::{Language, Texts};
use muhrdor::domain::time::Timestamp;
use muhrdor::wire::pages::{Account, Frame, Page, Pages, RealmChoice, RefusalView};
use serde_json::{Value, json};

use super::documents;

pub(crate) const OPERATIONS: [&str; 5] = [
    "account.home",
    "account.journal",
    "console.policies",
    "directory.services",
    "documents.view",
];

pub(crate) fn texts(uz: &str, uzc: &str, ru: &str, en: &str) -> Texts {
    Texts {
        uz: uz.into(),
        uzc: uzc.into(),
        ru: ru.into(),
        en: en.into(),
    }
}

pub(crate) fn console() -> Console {
    Console::new(PortalSettings {
        names: texts(
            "Yagona portal",
            "Ягона портал",
            "Единый портал",
            "Single portal",
        ),
        operator: texts(
            "Raqamli texnologiyalar vazirligi",
            "Рақамли технологиялар вазирлиги",
            "Министерство цифровых технологий",
            "Ministry of Digital Technologies",
        ),
        help: texts(
            "1148, kecha-kunduz, bepul",
            "1148, кеча-кундуз, бепул",
            "1148, круглосуточно, бесплатно",
            "1148, day and night, free of charge",
        ),
        host: "portal.example.uz".into(),
    })
    .unwrap()
}

pub(crate) fn frame(language: Language, path: &str) -> Frame {
    Frame {
        language,
        path_and_query: path.into(),
        visit: VisitId::parse("4f1c09aa7be34d1f93c2a5508d2ee671").unwrap(),
        account: Some(Account {
            name: DisplayName("Aziza Karimova".into()),
            kind: PrincipalKind::Person,
            working: Claim::default(),
        }),
        now: Timestamp::parse("2026-11-23T09:05:00Z").unwrap(),
    }
}

/// Around a page of an official with this claim on their desk.
pub(crate) fn desk(language: Language, claim: Claim) -> Frame {
    Frame {
        account: Some(Account {
            name: DisplayName("Gulnora Yusupova".into()),
            kind: PrincipalKind::Official,
            working: claim,
        }),
        ..frame(language, "/services")
    }
}

pub(crate) fn claim() -> Claim {
    Claim {
        purpose: PurposeId::parse("pension.assess").ok(),
        case: CaseNumber::parse("PF-2026-000117").ok(),
    }
}

pub(crate) fn realms() -> Vec<RealmChoice> {
    let realm = |id: &str, kind| RealmChoice {
        realm: RealmId::parse(id).unwrap(),
        kind,
        names: None,
    };
    vec![
        realm("applicants", PrincipalKind::Person),
        realm("officials", PrincipalKind::Official),
    ]
}

pub(crate) fn refusal(reason: Reason) -> RefusalView {
    let service = texts("Pensiya", "Пенсия", "Пенсия", "Pension");
    let mut view = RefusalView::of(reason);
    view.service = Some(service);
    view.return_to = Some("/pension/records/me?year=2026".into());
    match reason {
        Reason::TooManyRequests => view.retry_after_seconds = Some(37),
        Reason::StrongerSignInNeeded => view.hint = Some(Hint::StepUp(2)),
        Reason::CaseNeeded => view.hint = Some(Hint::Case),
        Reason::ConsentNeeded => view.hint = Some(Hint::Consent),
        _ => {}
    }
    view
}

/// Every page there is, by name, in this language.
pub(crate) fn all(console: &Console, language: Language) -> Vec<(String, Page)> {
    let nobody = |path: &str| Frame {
        account: None,
        ..frame(language, path)
    };
    let mut pages = vec![
        (
            "chooser".into(),
            console.chooser(&realms(), "/my?page=2", &nobody("/oauth2/start")),
        ),
        (
            "chooser-empty".into(),
            console.chooser(&[], "/my", &nobody("/oauth2/start")),
        ),
        (
            "signed-out".into(),
            console.signed_out(None, &nobody("/oauth2/sign_out")),
        ),
        (
            "signed-out-there".into(),
            console.signed_out(Some("https://id.example/end"), &nobody("/oauth2/sign_out")),
        ),
    ];
    for reason in Reason::ALL {
        let page = console.refusal(&refusal(*reason), &nobody("/pension/records/me?year=2026"));
        pages.push((format!("refusal-{reason}"), page));
    }
    let json = OPERATIONS.map(|operation| (operation.to_owned(), operation, answer(operation)));
    let empty = json!({"since": "2026-11-20T04:00:00.000Z", "entries": []});
    let more = [
        ("account.journal-empty".to_owned(), "account.journal", empty),
        (
            "account.journal-withheld".to_owned(),
            "account.journal",
            json!({}),
        ),
        (
            "console.policies-withheld".to_owned(),
            "console.policies",
            json!({}),
        ),
    ];
    for (name, operation, json) in json.into_iter().chain(more) {
        let page = render(console, operation, &json, &frame(language, "/my?page=2")).unwrap();
        pages.push((name, page));
    }
    for (name, claim) in [("desk", claim()), ("desk-empty", Claim::default())] {
        let services = answer("directory.services");
        let frame = desk(language, claim);
        let page = render(console, "directory.services", &services, &frame).unwrap();
        pages.push((format!("directory.services-{name}"), page));
    }
    pages.extend(documents::all(console, language));
    pages
}

pub(crate) fn render(
    console: &Console,
    operation: &str,
    json: &Value,
    frame: &Frame,
) -> Option<Page> {
    let bytes = serde_json::to_vec(json).unwrap();
    console.operation(&OperationId::parse(operation).unwrap(), &bytes, frame)
}

/// A full answer of an in-house operation: as long as the operation ever gives one.
pub(crate) fn answer(operation: &str) -> Value {
    match operation {
        "account.home" => home(),
        "account.journal" => journal(),
        "console.policies" => policies(),
        "directory.services" => services(),
        "documents.view" => documents::view(),
        other => panic!("no sample for {other}"),
    }
}

fn fund() -> Value {
    json!({"code": "pension-fund", "names": {"uz": "Pensiya jamgʻarmasi",
        "uzc": "Пенсия жамғармаси", "ru": "Пенсионный фонд", "en": "Pension Fund"}})
}

fn portal() -> Value {
    json!({"code": "portal", "names": {"uz": "Yagona portal", "uzc": "Ягона портал",
        "ru": "Единый портал", "en": "Single portal"}})
}

fn titled(code: &str, uz: &str, uzc: &str, ru: &str, en: &str) -> Value {
    json!({"code": code, "titles": {"uz": uz, "uzc": uzc, "ru": ru, "en": en}})
}

fn basis() -> Value {
    json!({"code": "pension-law-assessment", "act": "938-XII", "article": "44", "titles": {
        "uz": "Fuqarolarning davlat pensiya taʼminoti toʻgʻrisidagi qonun: pensiya tayinlash",
        "uzc": "Фуқароларнинг давлат пенсия таъминоти тўғрисидаги қонун: пенсия тайинлаш",
        "ru": "Закон о государственном пенсионном обеспечении граждан: назначение пенсии",
        "en": "Law on State Pensions: granting a pension"}})
}

fn assess() -> Value {
    titled(
        "pension.assess",
        "Pensiya tayinlash uchun maʼlumotlarni koʻrib chiqish",
        "Пенсия тайинлаш учун маълумотларни кўриб чиқиш",
        "Рассмотрение данных для назначения пенсии",
        "Assessing a pension",
    )
}

fn income_rule() -> Value {
    titled(
        "case-officer-income",
        "Pensiya inspektori oʻziga biriktirilgan ochiq pensiya ishidagi shaxsning daromadini \
         koʻrishi mumkin.",
        "Пенсия инспектори ўзига бириктирилган очиқ пенсия ишидаги шахснинг даромадини кўриши \
         мумкин.",
        "Пенсионный инспектор может видеть доход человека, чьё открытое пенсионное дело за ним \
         закреплено.",
        "A pension inspector may see the income of the person whose open pension case is \
         assigned to them.",
    )
}

fn class(code: &str, form: &str, ru: &str, en: &str) -> Value {
    let mut class = titled(code, en, ru, ru, en);
    class["form"] = form.into();
    class
}

fn home() -> Value {
    json!({"name": "Aziza Karimova", "kind": "person", "assurance": 2,
        "signed_in_at": "2026-11-23T08:58:00.000Z",
        "last_seen": {"at": "2026-11-23T08:31:00.000Z", "body": fund()},
        "links": [{"id": "journal", "href": "/my/journal"}, {"id": "services", "href": "/services"},
            {"id": "policies", "href": "/console/policies"}]})
}

fn entry(at: &str, mark: &str) -> Value {
    json!({"id": "9b2e44d07af14c6c8a11f0c2d3e4b596", "at": at, "certainty": "disclosed",
        "body": fund(), "mark": mark, "service": {"code": "pension-fund", "names": fund()["names"]},
        "official": {"number": "3f7ac1d2e4b59608", "position": "inspector"},
        "system": null, "purpose": assess(), "bases": [basis()], "case": "PF-2026-000117",
        "role": "main", "rules": [income_rule()], "proof": {"position": 1742, "digest": "ab12"},
        "classes": [class("income", "clear", "доход", "income"),
            class("employment", "clear", "трудовая деятельность", "employment"),
            class("identifier", "masked", "идентификаторы личности", "identifiers"),
            class("health", "absent", "сведения о здоровье", "health"),
            class("contact", "absent", "контактные данные", "contact details")]})
}

fn journal() -> Value {
    let mut entries = vec![
        entry("2026-11-23T09:05:00.000Z", "own"),
        entry("2026-11-23T09:01:00.000Z", "own"),
    ];
    let mut system = entry("2026-11-23T08:31:00.000Z", "system");
    system["official"] = Value::Null;
    system["system"] = "social-agency-system".into();
    system["classes"] = json!([class("income", "verified", "доход", "income")]);
    entries.push(system);
    let mut relative = entry("2026-11-22T11:20:00.000Z", "official");
    relative["role"] = "relative".into();
    relative["case"] = Value::Null;
    relative["certainty"] = "possible".into();
    entries.push(relative);
    let day = |hour: u32| format!("2026-11-20T{hour:02}:14:00.000Z");
    entries.extend((0..6).rev().map(|hour| entry(&day(hour), "official")));
    json!({"since": "2026-11-20T04:00:00.000Z", "before": 1800, "next": 1732,
        "entries": entries})
}

fn rule(effect: &str, id: usize) -> Value {
    json!({"id": format!("case-officer-income-{id}"), "effect": effect,
        "titles": income_rule()["titles"],
        "who": {"kind": "official", "role": titled("pension-inspector", "pensiya inspektori",
            "пенсия инспектори", "пенсионный инспектор", "pension inspector")},
        "actions": ["view", "viewMasked"],
        "data": {"kind": "facet", "class": titled("income", "daromad", "даромад", "доход", "income")},
        "when": [{"kind": "purpose", "purpose": assess()}, {"kind": "case"}, {"kind": "own"},
            {"kind": "consent"}, {"kind": "mandate"}, {"kind": "assurance", "rank": 2},
            {"kind": "training"}, {"kind": "minor"}, {"kind": "public"}, {"kind": "except"},
            {"kind": "other"}],
        "mask": "last4", "journal": "full", "notify": ["subject-digest"], "bases": [basis()],
        "owner": fund(), "until": "2027-12-31T00:00:00.000Z", "lapsed": id == 0,
        "file": "casework.cedar", "line": 37, "text": RULE_TEXT})
}

fn policies() -> Value {
    let rules: Vec<_> = (0..8)
        .map(|id| rule(if id % 3 == 2 { "forbid" } else { "permit" }, id))
        .collect();
    json!({"bundle": "7f".repeat(32), "page": 2, "pages": 3, "rules_total": 24, "rules": rules})
}

fn services() -> Value {
    let operation = |id: &str, path: &str, open: bool, assurance: u8| {
        json!({"id": id, "method": "GET", "path": path, "sign_in": !open, "assurance": assurance,
            "who": [if open { "anonymous" } else { "person" }]})
    };
    let service = |prefix: &str, agency: Value, kind: &str, days: u16| {
        json!({"id": prefix, "names": agency["names"], "agency": agency, "kind": kind,
            "regulation": {"number": "570", "term_days": days}, "prefix": prefix,
            "operations": [operation("info", &format!("{prefix}/info"), true, 0),
                operation("record", &format!("{prefix}/records/{{pinfl}}"), false, 2),
                operation("list", &format!("{prefix}/payees"), false, 1)]})
    };
    json!({"services": [service("/pension", fund(), "interactive", 10),
        service("/civil", portal(), "interactive", 1), service("/my", portal(), "information", 0)]})
}

const RULE_TEXT: &str = r#"permit (
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
  context.caseRef.agency == principal.agency &&
  context.caseRef.subject == resource.subject &&
  context.caseRef.open &&
  context.caseRef.assignees.contains(principal) &&
  principal.trained &&
  context.acr >= 2
};"#;

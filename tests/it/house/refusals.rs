//! Every operation × who must not: one table, which may only grow in what it refuses.
//!
//! `refusals.txt` holds an outcome for each caller and operation: a status and, for a no, its
//! reason. A line that changes from a no to an answer is a hole, until someone has shown that it is
//! none.

use std::fmt::Write;
use std::path::Path;

use http::Method;
use muhrdor::app::load_house;
use muhrdor::demo::Visitor;

use super::{House, call, told};

/// Operation, method and path; about Aziza where it is about anyone.
const OPERATIONS: &[(&str, Method, &str)] = &[
    ("account.home", Method::GET, "/my"),
    ("account.journal", Method::GET, "/my/journal"),
    (
        "civil-registry.application.submit",
        Method::POST,
        "/civil/records/41507850211172/applications",
    ),
    (
        "civil-registry.certificate.issue",
        Method::POST,
        "/civil/records/41507850211172/birth-certificate",
    ),
    (
        "civil-registry.forwarded.read",
        Method::GET,
        "/civil/forwarded",
    ),
    ("civil-registry.info.page", Method::GET, "/civil/info"),
    (
        "civil-registry.info.services",
        Method::GET,
        "/civil/info/services",
    ),
    (
        "civil-registry.record.read",
        Method::GET,
        "/civil/records/41507850211172",
    ),
    ("console.policies", Method::GET, "/console/policies"),
    ("directory.services", Method::GET, "/services"),
    (
        "documents.original",
        Method::GET,
        "/verify/000000000000000000000000001/document",
    ),
    (
        "documents.view",
        Method::GET,
        "/verify/000000000000000000000000001/view",
    ),
    (
        "notary.document.revoke",
        Method::POST,
        "/notary/v1/documents/TG-1985-021117/revocation",
    ),
    (
        "pension-fund.income.verify",
        Method::GET,
        "/pension/records/41507850211172/income?below=5000000",
    ),
    ("pension-fund.info.page", Method::GET, "/pension/info"),
    ("pension-fund.payees.list", Method::GET, "/pension/payees"),
    (
        "pension-fund.record.read",
        Method::GET,
        "/pension/records/41507850211172",
    ),
];

/// Someone, and what they claim to ask for.
struct Caller {
    who: &'static str,
    purpose: Option<&'static str>,
    case: Option<&'static str>,
}

const fn caller(
    who: &'static str,
    purpose: Option<&'static str>,
    case: Option<&'static str>,
) -> Caller {
    Caller { who, purpose, case }
}

const CALLERS: &[Caller] = &[
    caller("nobody", None, None),
    caller("nobody", Some("own.view"), None),
    caller("garbage-cookie", None, None),
    caller("aziza", None, None),
    caller("aziza", Some("pension.assess"), Some("PF-2026-000117")),
    caller("botir", None, None),
    caller("botir", Some("own.view"), None),
    caller("gulnora", None, None),
    caller("gulnora", Some("pension.assess"), None),
    caller("gulnora", Some("pension.assess"), Some("PF-2026-000117")),
    caller("gulnora", Some("pension.assess"), Some("PF-2026-000118")),
    caller("gulnora", Some("pension.assess"), Some("PF-2026-000120")),
    caller("gulnora", Some("benefit.assess"), Some("PF-2026-000117")),
    caller("gulnora", Some("own.view"), None),
    caller("sherzod", Some("pension.assess"), Some("PF-2026-000117")),
    caller("jasur", Some("pension.assess"), Some("PF-2026-000125")),
    caller("malika", None, None),
    caller("malika", Some("pension.assess"), Some("PF-2026-000117")),
    caller("social-agency-system", None, None),
    caller("social-agency-system", Some("benefit.assess"), None),
    caller("social-agency-system", Some("credit.assess"), None),
    caller(
        "social-agency-system",
        Some("pension.assess"),
        Some("PF-2026-000117"),
    ),
    caller("demo-bank-system", Some("credit.assess"), None),
    caller("demo-bank-system", Some("benefit.assess"), None),
    caller("pension-fund-system", Some("benefit.assess"), None),
    caller("pension-fund-system", Some("document.revoke"), None),
    caller("civil-registry-system", Some("document.revoke"), None),
    caller(
        "pension-fund-system",
        Some("pension.assess"),
        Some("PF-2026-000117"),
    ),
];

#[test]
fn the_table_has_every_operation() {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let (_, operations) = load_house(&policies).unwrap().listed();
    let mut there: Vec<String> = operations.iter().map(|o| o.id.to_string()).collect();
    there.sort_unstable();
    let known: Vec<&str> = OPERATIONS.iter().map(|(id, ..)| *id).collect();
    assert_eq!(
        known, there,
        "an operation that is not in the table is not known to refuse anyone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_is_refused_what_the_table_says() {
    let house = House::open().await;
    let mut table = String::new();
    for caller in CALLERS {
        let mut visitor = come(&house, caller.who).await;
        let case = caller.case.map(|number| format!("\"{number}\""));
        let mut headers = Vec::new();
        headers.extend(caller.purpose.map(|purpose| ("muhrdor-purpose", purpose)));
        headers.extend(case.as_deref().map(|case| ("muhrdor-case", case)));
        if caller.who == "garbage-cookie" {
            headers.push(("cookie", "__Host-muhrdor=../../etc/passwd"));
        }
        let (purpose, case) = (caller.purpose.unwrap_or("-"), caller.case.unwrap_or("-"));
        writeln!(table, "{} · {purpose} · {case}", caller.who).unwrap();
        for (operation, method, path) in OPERATIONS {
            let reply = call(&mut visitor, method, path, &headers).await.unwrap();
            let (status, code) = told(&reply);
            writeln!(table, "  {operation:<36}{status} {code}").unwrap();
        }
    }
    house.close().await;
    let expected = include_str!("refusals.txt");
    let table: Vec<&str> = table.lines().map(str::trim_end).collect();
    let expected: Vec<&str> = expected.lines().collect();
    assert!(table == expected, "the table is now\n{}", table.join("\n"));
}

async fn come(house: &House, who: &str) -> Visitor {
    match who {
        "nobody" | "garbage-cookie" => house.grounds.visitor(),
        "aziza" | "botir" => house.grounds.signed_in("applicants", who).await,
        "gulnora" | "sherzod" | "jasur" | "malika" => {
            house.grounds.signed_in("officials", who).await
        }
        system => house.grounds.system(system).await,
    }
}

//! What a request costs: the processor time of the gateway's own process for each request that
//! walks the whole house, over TLS, with the demo's bodies around it.
//!
//! `cargo bench --profile dist --bench walk [-- PART_OF_A_ROW]`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that fails says so and ends"
)]

mod cpu;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use muhrdor::clock::{Clock, SystemClock};
use muhrdor::demo::{Grounds, Visitor};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use cpu::cpu_seconds;

/// Clients that ask at the same time, each over a connection of its own.
const CLIENTS: usize = 8;
/// How long one row is measured.
const ROW: Duration = Duration::from_secs(5);
/// Requests of each client before anything is measured.
const WARM_UP: usize = 20;

/// One way through the house.
struct Way {
    name: &'static str,
    who: Who,
    method: Method,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
}

#[derive(Clone, Copy)]
enum Who {
    Nobody,
    Aziza,
    Gulnora,
    System,
}

const SMALL: &str = "/civil/info/services";
const LARGE: &str = "/civil/info";
const RECORD: &str = "/pension/records/41507850211172";
const QUESTION: &str = "/pension/records/41507850211172/income?below=5000000";
const APPLY: &str = "/civil/records/41507850211172/applications";

fn ways() -> Vec<Way> {
    let get = |name, who, path, headers| Way {
        name,
        who,
        method: Method::GET,
        path,
        headers,
    };
    let benefit = &[("muhrdor-purpose", "benefit.assess")];
    let assess = &[
        ("muhrdor-purpose", "pension.assess"),
        ("muhrdor-case", "\"PF-2026-000117\""),
    ];
    let form = &[
        ("content-type", "application/json"),
        ("sec-fetch-site", "same-origin"),
    ];
    vec![
        get("nobody, public, small", Who::Nobody, SMALL, &[]),
        get("nobody, public, 400 KiB streamed", Who::Nobody, LARGE, &[]),
        get("bearer, public, small", Who::System, SMALL, &[]),
        get("bearer, yes or no, journal", Who::System, QUESTION, benefit),
        get("session, fields, journal", Who::Aziza, RECORD, &[]),
        get(
            "session, fields, facts, journal",
            Who::Gulnora,
            RECORD,
            assess,
        ),
        get(
            "session, in the house, journal",
            Who::Aziza,
            "/my/journal",
            &[],
        ),
        Way {
            method: Method::POST,
            ..get("session, write: intent, outcome", Who::Aziza, APPLY, form)
        },
    ]
}

#[tokio::main]
async fn main() {
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let home = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_muhrdor"));
    let anywhere = "127.0.0.1:0".parse().unwrap();
    let clock = Arc::new(SystemClock::new());
    let (folder, around) = (home.path().to_owned(), program.clone());
    let grounds = Grounds::prepare(around, folder, anywhere, &*clock, |config| {
        unhurried(&config)
    })
    .await
    .unwrap();
    let gateway = serve(&program, &grounds).await;
    println!(
        "{:<42} {:>9} {:>10} {:>14} {:>12}",
        "way", "requests", "a second", "CPU a request", "median"
    );
    for way in ways() {
        if wanted
            .as_ref()
            .is_none_or(|wanted| way.name.contains(wanted.as_str()))
        {
            measure(&grounds, &gateway, way, &clock).await;
        }
    }
    drop(gateway);
    grounds.close().await;
}

async fn measure(grounds: &Grounds, gateway: &Child, way: Way, clock: &Arc<SystemClock>) {
    let mut visitors = Vec::new();
    for _ in 0..CLIENTS {
        let mut visitor = come(grounds, way.who).await;
        for _ in 0..WARM_UP {
            ask(&mut visitor, &way).await;
        }
        visitors.push(visitor);
    }
    let process = gateway.id().unwrap();
    let (way, before, began) = (Arc::new(way), cpu_seconds(process), clock.monotonic());
    let mut clients = JoinSet::new();
    for mut visitor in visitors {
        let (way, clock) = (Arc::clone(&way), Arc::clone(clock));
        clients.spawn(async move {
            let mut each = Vec::new();
            while clock.monotonic().since(began) < ROW {
                let asked = clock.monotonic();
                ask(&mut visitor, &way).await;
                each.push(clock.monotonic().since(asked));
            }
            each
        });
    }
    let mut each: Vec<Duration> = clients.join_all().await.into_iter().flatten().collect();
    let took = clock.monotonic().since(began);
    let cpu = cpu_seconds(process) - before;
    each.sort_unstable();
    let requests = u32::try_from(each.len()).unwrap();
    println!(
        "{:<42} {requests:>9} {:>10.0} {:>11.0} µs {:>9.2} ms",
        way.name,
        f64::from(requests) / took.as_secs_f64(),
        cpu / f64::from(requests) * 1e6,
        each[each.len() / 2].as_secs_f64() * 1e3,
    );
}

async fn ask(visitor: &mut Visitor, way: &Way) {
    let body = match way.method {
        Method::POST => Bytes::from_static(br#"{"kind":"birth-certificate"}"#),
        _ => Bytes::new(),
    };
    let reply = visitor
        .ask(way.method.clone(), way.path, way.headers, body)
        .await
        .unwrap();
    assert!(reply.status.is_success(), "{}", reply.received());
}

async fn come(grounds: &Grounds, who: Who) -> Visitor {
    let mut visitor = grounds.visitor().unwrap();
    let (realm, login) = match who {
        Who::Nobody => return visitor,
        Who::System => {
            let token = grounds.token("social-agency-system").await.unwrap();
            return visitor.with_bearer(&token);
        }
        Who::Aziza => ("applicants", "aziza"),
        Who::Gulnora => ("officials", "gulnora"),
    };
    visitor
        .sign_in(realm, login, &format!("{login}-demo"))
        .await
        .unwrap();
    visitor
}

async fn serve(program: &Path, grounds: &Grounds) -> Child {
    let child = Command::new(program)
        .args(["serve", "--config"])
        .arg(&grounds.places.config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    while grounds
        .visitor()
        .unwrap()
        .get("/services", &[])
        .await
        .is_err()
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    child
}

/// Lifts the limits that one address with one account would meet.
fn unhurried(config: &str) -> String {
    config
        .replace("requests_max = 60,", "requests_max = 1000000,")
        .replace("requests_max = 1200,", "requests_max = 1000000,")
}

//! The gateway beside nginx and `HAProxy`: the same certificate, the same small upstream, one core
//! each, the processor time of the measured process alone.
//!
//! `cargo bench --profile dist --bench peers [-- PART_OF_A_ROW]`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a measurement that fails says so and ends; it has a stopwatch of its own"
)]

mod client;
#[path = "../walk/cpu.rs"]
mod cpu;
mod http2;
mod idle;
mod open_loop;
mod peers;
mod ready;
mod rows;
mod upstream;

use std::fmt::Write;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use muhrdor::clock::SystemClock;
use muhrdor::demo::Grounds;
use rustls::ClientConfig;

use client::Group;
use peers::{Ground, Peer};
use rows::Found;

const SMALL: &str = "/civil/info/services";
const LARGE: &str = "/civil/info";
const STREAMED: &str = "/civil/info?streamed";
/// The share of the gateway's own capacity at which latency is looked at.
const SHARE_OF_CAPACITY: f64 = 0.7;

/// How long, and at which pace, memory is watched under load.
const SOAK_MINUTES: usize = 10;
const SOAK_A_SECOND: f64 = 2_000.0;

/// What is asked, by whom.
struct Asked {
    name: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, String)>,
}

/// Which rows, and over what.
struct Bench {
    wanted: Option<String>,
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
    hybrid: Arc<ClientConfig>,
    /// For HTTP/2 alone: blocking clients need none.
    runtime: tokio::runtime::Runtime,
}

fn main() {
    peers::look_for_peers();
    peers::make_room();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let home = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_muhrdor"));
    let upstream = upstream::start();
    let grounds = runtime.block_on(Grounds::prepare(
        program.clone(),
        home.path().to_owned(),
        "127.0.0.1:0".parse().unwrap(),
        &SystemClock::new(),
        |config| peers::config(&config, upstream),
    ));
    let grounds = grounds.unwrap();
    let ground = Ground {
        folder: home.path(),
        upstream,
        grounds: &grounds,
    };
    let authority = grounds.folder.authority();
    let bench = Bench {
        wanted: std::env::args().skip(1).find(|a| !a.starts_with('-')),
        http1: client::tls(&authority, Group::X25519, b"http/1.1"),
        http2: client::tls(&authority, Group::X25519, b"h2"),
        hybrid: client::tls(&authority, Group::X25519MlKem768, b"http/1.1"),
        runtime,
    };
    bench.run(&ground, &program);
    bench.runtime.block_on(grounds.close());
}

impl Bench {
    fn run(&self, ground: &Ground<'_>, program: &std::path::Path) {
        let gateway = peers::gateway(ground, program);
        let peers = [peers::nginx(ground), peers::haproxy(ground)];
        let asked = self.runtime.block_on(asked(ground.grounds));
        println!(
            "{:<34} {:<8} {:>10} {:>14} {:>10}",
            "row", "who", "a second", "CPU each", "to nginx"
        );
        let all = [&peers[0], &peers[1], &gateway];
        for asked in &asked {
            let request = asked.request();
            self.row(asked.name, &all, |peer| {
                Some(rows::requests(peer, &self.http1, &request))
            });
        }
        for asked in [&asked[0], &asked[1]] {
            let headers: Vec<_> = asked
                .headers
                .iter()
                .map(|(n, v)| (*n, v.as_str()))
                .collect();
            self.row(&format!("{}, HTTP/2", asked.name), &all, |peer| {
                let path = asked.path;
                let found = http2::requests(peer, &self.http2, path, &headers);
                Some(self.runtime.block_on(found))
            });
        }
        self.row("full handshake, X25519", &all, |peer| {
            rows::handshakes(peer, &self.http1)
        });
        self.row("full handshake, X25519MLKEM768", &all, |peer| {
            rows::handshakes(peer, &self.hybrid)
        });
        self.latency(&all, &asked[0].request());
        drop((gateway, peers));
        self.memory(ground, program, &asked[2].request());
        self.soak(ground, program, &asked[1].request());
        if self.wants("ready") {
            let times = ready::times(ground, program);
            println!(
                "ready with 1,000 operations and 1,000 rules more: median {:.0} ms, worst {:.0} ms",
                times[times.len() / 2].as_secs_f64() * 1e3,
                times[times.len() - 1].as_secs_f64() * 1e3
            );
        }
    }

    fn row(&self, name: &str, peers: &[&Peer], measure: impl Fn(&Peer) -> Option<Found>) {
        if !self.wants(name) {
            return;
        }
        let mut nginx = None;
        for peer in peers {
            let Some(found) = measure(peer) else {
                println!("{name:<34} {:<8} has it not", peer.name);
                continue;
            };
            let to = *nginx.get_or_insert(found.cpu_us);
            println!(
                "{name:<34} {:<8} {:>10.0} {:>11.1} µs {:>9.2}×",
                peer.name,
                found.a_second,
                found.cpu_us,
                found.cpu_us / to
            );
        }
    }

    /// All at the same rate, a share of what the gateway can do on its core.
    fn latency(&self, peers: &[&Peer; 3], request: &[u8]) {
        if !self.wants("open loop") {
            return;
        }
        let found = rows::requests(peers[2], &self.http1, request);
        let rate = found.a_second.min(1e6 / found.cpu_us) * SHARE_OF_CAPACITY;
        for peer in peers {
            let (latencies, cpu_us) =
                open_loop::latencies(peer, &self.http1, request, rate, open_loop::ROW);
            let told = open_loop::told(&latencies);
            let name = peer.name;
            println!("open loop, {rate:.0} a second, {name:<8} CPU {cpu_us:.1} µs  {told}");
        }
    }

    fn memory(&self, ground: &Ground<'_>, program: &std::path::Path, request: &[u8]) {
        if !self.wants("memory") {
            return;
        }
        let starts: [&dyn Fn() -> Peer; 3] = [
            &|| peers::nginx(ground),
            &|| peers::haproxy(ground),
            &|| peers::gateway(ground, program),
        ];
        for start in starts {
            let peer = start();
            // The gateway listens before it is ready; a request waits for that.
            client::Line::to(peer.address, &self.http1).ask(request);
            let (rest, each) = idle::memory(&peer, &self.http1, request);
            println!(
                "memory, {:<8} at rest {:.1} MiB, for each of 9,900 idle connections {each:.1} KiB",
                peer.name,
                rest as f64 / f64::from(1 << 20)
            );
        }
    }

    /// Whether it grows under load, minute by minute.
    fn soak(&self, ground: &Ground<'_>, program: &std::path::Path, request: &[u8]) {
        if !self.wants("soak") {
            return;
        }
        let peer = peers::gateway(ground, program);
        client::Line::to(peer.address, &self.http1).ask(request);
        let resident = || peers::resident(peer.id()) as f64 / f64::from(1 << 20);
        print!(
            "soak, {SOAK_A_SECOND} a second, MiB after each minute: {:.1}",
            resident()
        );
        for _ in 0..SOAK_MINUTES {
            let minute = Duration::from_mins(1);
            open_loop::latencies(&peer, &self.http1, request, SOAK_A_SECOND, minute);
            print!(" {:.1}", resident());
            let _ = std::io::stdout().flush();
        }
        println!();
    }

    fn wants(&self, row: &str) -> bool {
        self.wanted
            .as_ref()
            .is_none_or(|wanted| row.contains(wanted.as_str()))
    }
}

impl Asked {
    fn request(&self) -> Vec<u8> {
        let mut text = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n", self.path);
        for (name, value) in &self.headers {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        text.push_str("\r\n");
        text.into_bytes()
    }
}

async fn asked(grounds: &Grounds) -> Vec<Asked> {
    let bearer = grounds.token("social-agency-system").await.unwrap();
    let cookie = cookie(grounds).await;
    let accept = || ("accept", "application/json".to_owned());
    let asked = |name, path, more: Option<(&'static str, String)>| Asked {
        name,
        path,
        headers: std::iter::once(accept()).chain(more).collect(),
    };
    vec![
        asked(
            "bearer ES256, 1 KiB",
            SMALL,
            Some(("authorization", format!("Bearer {bearer}"))),
        ),
        asked("session cookie, 1 KiB", SMALL, Some(("cookie", cookie))),
        asked("nobody, 1 KiB", SMALL, None),
        asked("nobody, 1 MiB", LARGE, None),
        asked("nobody, 1 MiB in chunks", STREAMED, None),
    ]
}

/// The session's cookie of a person who has signed in.
async fn cookie(grounds: &Grounds) -> String {
    let mut visitor = grounds.visitor().unwrap();
    let signed_in = visitor.sign_in("applicants", "aziza", "aziza-demo").await;
    let mut cookies = std::collections::BTreeMap::new();
    for reply in signed_in.unwrap().replies {
        for set in reply.headers.get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let pair = set.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
    let pairs = cookies.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("; ")
}

//! The shared count in a real Redis, and a Redis that goes away.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use muhrdor::clock::{Clock, HandClock};
use muhrdor::demo::Vacant;
use muhrdor::domain::time::Timestamp;
use muhrdor::limits::{AddressLimit, SharedCounter};
use muhrdor::store::conformance;
use muhrdor::store::memory::MemoryCounter;
use muhrdor::store::redis::{RedisCounter, RedisSettings};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::shared::{over, settings};
use super::{block, passed, rate};
use crate::house::trouble::vacant;

/// A redis-server of this test, ended with it.
pub(crate) struct Redis {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Given on by [`Redis::kill`].
    kept: Option<Vacant>,
    _folder: TempDir,
}

impl Redis {
    pub(super) fn start() -> Self {
        Self::start_with(|address| format!("port {}\n", address.port()))
    }

    /// At a free port, with lines of `redis.conf`.
    pub(crate) fn start_with(lines: impl FnOnce(SocketAddr) -> String) -> Self {
        let kept = vacant();
        let lines = lines(kept.address());
        Self::start_at(kept, &lines)
    }

    fn start_at(kept: Vacant, lines: &str) -> Self {
        let address = kept.address();
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("redis.conf");
        let all = "bind 127.0.0.1\nsave \"\"\nappendonly no\ndaemonize no\n";
        std::fs::write(&config, format!("{all}{lines}")).unwrap();
        let mut child = Command::new("redis-server")
            .arg(&config)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`redis-server` is needed: `tests/run rust` installs it");
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = |line: &String| line.contains("Ready to accept connections");
        assert!(said.any(|line| ready(&line.unwrap())), "redis-server ended");
        // Nobody reads on: it says little, and nothing of it is waited for.
        Self {
            child,
            address,
            kept: Some(kept),
            _folder: folder,
        }
    }

    /// Where it was, for another one.
    fn kill(mut self) -> Vacant {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.kept.take().unwrap()
    }

    /// One command, as an operator would type it; the answer's bytes.
    pub(super) async fn told(&self, command: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let command = format!("{command}\r\nQUIT\r\n");
        stream.write_all(command.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// A process's way to a Redis, kept up until it is dropped.
struct Connected {
    counter: Arc<RedisCounter>,
    _keeping: JoinSet<()>,
}

impl Connected {
    async fn to(address: SocketAddr, timeout_ms_max: u32, clock: &HandClock) -> Self {
        let settings = RedisSettings {
            address: address.to_string(),
            tls: None,
            username: None,
            password: None,
            timeout_ms_max,
        };
        let clock: Arc<dyn Clock> = Arc::new(clock.clone());
        let counter = Arc::new(RedisCounter::new(settings, clock));
        let mut keeping = JoinSet::new();
        let kept = Arc::clone(&counter);
        keeping.spawn(async move { kept.keep().await });
        let connected = Self {
            counter,
            _keeping: keeping,
        };
        connected.reaches(true).await;
        connected
    }

    /// Waits until it is, or is not, connected.
    async fn reaches(&self, expected: bool) {
        let reached = async {
            while self.counter.is_reachable() != expected {
                tokio::task::yield_now().await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_secs(30), reached).await;
        assert!(reached.is_ok(), "never reachable: {expected}");
    }

    fn limit(
        &self,
        nodes: u32,
        percent: u32,
        requests: (u32, u32),
        clock: &HandClock,
    ) -> AddressLimit {
        let counter: Arc<dyn SharedCounter> = self.counter.clone();
        over(counter, settings(nodes, percent), requests, clock)
    }
}

fn clock() -> HandClock {
    let clock = HandClock::at(Timestamp::from_unix_ms(0));
    clock.advance_ms(10_000_000);
    clock
}

/// Long enough for a machine that is busy with other tests.
const PATIENT_MS: u32 = 10_000;

#[tokio::test]
async fn redis_and_governor_come_to_the_same_answers() {
    let redis = Redis::start();
    let clock = clock();
    let connected = Connected::to(redis.address, PATIENT_MS, &clock).await;
    let pause = prop_oneof![4 => Just(0_u32), 3 => 1..300_u32, 1 => 500..90_000_u32];
    let histories = (1..40_u32, 1..120_u32, prop::collection::vec(pause, 1..60));
    let mut runner = TestRunner::deterministic();
    let mut refused = 0;
    for n in 0..150_u32 {
        let (requests_max, window_seconds, pauses) =
            histories.new_tree(&mut runner).unwrap().current();
        let requests = (requests_max, window_seconds);
        let shared = connected.limit(3, 0, requests, &clock);
        let alone = alone(requests, &clock);
        let peer = block(&Ipv4Addr::from(0xC000_0200 + n).to_string());
        for pause in &pauses {
            clock.advance_ms(*pause);
            let told = (shared.check(peer).await, alone.check(peer).await);
            assert_eq!(told.0, told.1, "{requests:?} {pauses:?}");
            refused += u32::from(told.0.is_err());
        }
    }
    assert!(refused > 300, "hardly any refusals: {refused}");
}

fn alone(requests: (u32, u32), clock: &HandClock) -> AddressLimit {
    let settings = muhrdor::limits::Settings {
        address: rate(requests.0, requests.1),
        principal: rate(1, 1),
        operations: std::collections::BTreeMap::new(),
        guess: rate(1, 1),
        keys_max: 1000,
    };
    AddressLimit::new(&settings, Arc::new(clock.clone()), None)
}

#[tokio::test]
async fn every_backend_keeps_the_promises_of_a_shared_count() {
    let redis = Redis::start();
    let clock = clock();
    let connected = Connected::to(redis.address, PATIENT_MS, &clock).await;
    let advance = |ms| clock.advance_ms(ms);
    let memory = MemoryCounter::new(Arc::new(clock.clone()));
    conformance::shared_counter(&memory, &super::shared::pseudonym(), &advance)
        .await
        .unwrap();
    let counter = connected.counter.as_ref();
    conformance::shared_counter(counter, &super::shared::pseudonym(), &advance)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_redis_that_forgot_its_scripts_is_told_again_and_forgets_no_count() {
    let redis = Redis::start();
    let clock = clock();
    let connected = Connected::to(redis.address, PATIENT_MS, &clock).await;
    let limit = connected.limit(2, 0, (10, 60), &clock);
    assert_eq!(passed(&limit, block("192.0.2.8"), 4).await, 4);
    assert!(redis.told("SCRIPT FLUSH").await.starts_with("+OK"));
    assert_eq!(passed(&limit, block("192.0.2.8"), 20).await, 6);
    assert!(connected.counter.is_reachable());
}

#[tokio::test]
async fn rl_05_three_processes_admit_one_limit_together() {
    let redis = Redis::start();
    let clock = clock();
    let mut processes = Vec::new();
    for _ in 0..3 {
        let connected = Connected::to(redis.address, PATIENT_MS, &clock).await;
        let limit = connected.limit(3, 10, (100, 60), &clock);
        processes.push((connected, limit));
    }
    let peer = block("192.0.2.77");
    let (mut admitted, mut last) = (0_u32, None);
    for n in 0..400 {
        match processes[n % 3].1.check(peer).await {
            Ok(_) => admitted += 1,
            Err(exceeded) => last = Some(exceeded),
        }
    }
    // A lease is three at most: two processes may hold what the third is refused.
    assert!((94..=100).contains(&admitted), "{admitted} of 100");
    let exceeded = last.unwrap();
    assert_eq!(exceeded.retry_after_seconds, 1);
    assert_eq!(exceeded.allowance.policy_field(), "\"address\";q=100;w=60");
    assert_eq!(exceeded.allowance.limit_field(), "\"address\";r=0;t=1");
    // Nothing in it says whose count it is, and all of it ends by itself.
    let keys = redis.told("KEYS *").await;
    let named: Vec<&str> = keys.lines().filter(|l| l.starts_with("muhrdor")).collect();
    assert_eq!(named.len(), 1, "{keys}");
    let digits = named[0].strip_prefix("muhrdor:limit:").unwrap();
    assert!(digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
    let ttl = redis.told(&format!("PTTL {}", named[0])).await;
    let ttl: u32 = ttl.lines().next().unwrap()[1..].parse().unwrap();
    assert!((1..=60_000).contains(&ttl), "{ttl}");
}

#[tokio::test]
async fn rl_04_a_killed_redis_leaves_each_process_its_part_until_it_is_back() {
    let redis = Redis::start();
    let clock = clock();
    let connected = Connected::to(redis.address, PATIENT_MS, &clock).await;
    let limit = connected.limit(2, 10, (100, 60), &clock);
    assert_eq!(passed(&limit, block("192.0.2.1"), 150).await, 100);
    let kept = redis.kill();
    connected.reaches(false).await;
    // Neither unlimited nor locked out.
    assert_eq!(passed(&limit, block("192.0.2.1"), 150).await, 50);
    assert_eq!(passed(&limit, block("192.0.2.2"), 150).await, 50);
    let lines = format!("port {}\n", kept.address().port());
    let redis = Redis::start_at(kept, &lines);
    connected.reaches(true).await;
    assert_eq!(passed(&limit, block("192.0.2.2"), 150).await, 100);
    drop(redis);
}

#[tokio::test]
async fn rl_04_a_redis_that_takes_no_writes_is_none_until_it_does() {
    let redis = Redis::start();
    let clock = clock();
    let connected = Connected::to(redis.address, PATIENT_MS, &clock).await;
    let limit = connected.limit(2, 10, (100, 60), &clock);
    assert!(limit.check(block("192.0.2.1")).await.is_ok());
    assert!(redis.told("REPLICAOF 127.0.0.1 1").await.starts_with("+OK"));
    assert_eq!(passed(&limit, block("192.0.2.3"), 150).await, 50);
    connected.reaches(false).await;
    assert!(redis.told("REPLICAOF NO ONE").await.starts_with("+OK"));
    connected.reaches(true).await;
    assert_eq!(passed(&limit, block("192.0.2.4"), 150).await, 100);
}

#[tokio::test]
async fn rl_04_a_redis_that_does_not_answer_is_waited_for_no_longer_than_said() {
    let redis = Redis::start();
    let clock = clock();
    let shim = Shim::before(redis.address).await;
    // The connection itself is made with patience; only questions are not waited for.
    let connected = Connected::to(shim.address, 50, &clock).await;
    let limit = connected.limit(2, 10, (100, 60), &clock);
    shim.way.store(HOLD, Ordering::SeqCst);
    // None of these would ever come back if it waited for the answer.
    assert_eq!(passed(&limit, block("192.0.2.5"), 150).await, 50);
    connected.reaches(false).await;
    shim.way.store(RESET, Ordering::SeqCst);
    assert_eq!(passed(&limit, block("192.0.2.6"), 150).await, 50);
    shim.way.store(PASS, Ordering::SeqCst);
    connected.reaches(true).await;
    shim.way.store(RESET, Ordering::SeqCst);
    assert_eq!(passed(&limit, block("192.0.2.7"), 150).await, 50);
    connected.reaches(false).await;
}

/// Stands before a server, and lets bytes through or not.
struct Shim {
    address: SocketAddr,
    way: Arc<AtomicU8>,
    _serving: JoinSet<()>,
}

const PASS: u8 = 0;
/// Questions go in, no answer comes out.
const HOLD: u8 = 1;
/// Connections end.
const RESET: u8 = 2;

impl Shim {
    async fn before(server: SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let way = Arc::new(AtomicU8::new(PASS));
        let mut serving = JoinSet::new();
        let said = Arc::clone(&way);
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                connections.spawn(shimmed(client, server, Arc::clone(&said)));
            }
        });
        Self {
            address,
            way,
            _serving: serving,
        }
    }
}

async fn shimmed(mut client: TcpStream, server: SocketAddr, way: Arc<AtomicU8>) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let answers = async {
        let mut bytes = [0; 4096];
        loop {
            let Ok(count @ 1..) = from_server.read(&mut bytes).await else {
                return;
            };
            while way.load(Ordering::SeqCst) == HOLD {
                tokio::task::yield_now().await;
            }
            if way.load(Ordering::SeqCst) == RESET
                || to_client.write_all(&bytes[..count]).await.is_err()
            {
                return;
            }
        }
    };
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        () = answers => {}
    }
}

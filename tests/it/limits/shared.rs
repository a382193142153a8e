//! Limits that several processes share: what a lease may and may not do, over a count in memory.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use muhrdor::clock::{Clock, HandClock};
use muhrdor::domain::peer::AddressBlock;
use muhrdor::domain::time::Timestamp;
use muhrdor::keys::{Pseudonym, Secret};
use muhrdor::limits::{
    AddressLimit, Shared, SharedCounter, SharedError, SharedSettings, Take, Taking,
};
use muhrdor::store::memory::MemoryCounter;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use ring::rand::SystemRandom;

use super::{block, passed, rate};

/// Several processes over one count.
pub(super) struct Nodes {
    pub(super) clock: HandClock,
    pub(super) limits: Vec<AddressLimit>,
}

pub(super) fn settings(nodes: u32, lease_percent_max: u32) -> SharedSettings {
    SharedSettings {
        nodes: NonZeroU32::new(nodes).unwrap(),
        lease_percent_max,
        lease_ms_max: 1_000,
    }
}

/// One key for all: the keys of counts are made with it.
pub(super) fn pseudonym() -> Arc<Pseudonym> {
    static MADE: LazyLock<Arc<Pseudonym>> = LazyLock::new(|| {
        let secret = Secret::generate(&SystemRandom::new()).unwrap();
        Arc::new(Pseudonym::new(&secret))
    });
    Arc::clone(&MADE)
}

/// A limiter over a count.
pub(super) fn over(
    counter: Arc<dyn SharedCounter>,
    settings: SharedSettings,
    requests: (u32, u32),
    clock: &HandClock,
) -> AddressLimit {
    let shared = Shared {
        counter,
        pseudonym: pseudonym(),
        settings,
    };
    let limits = muhrdor::limits::Settings {
        address: rate(requests.0, requests.1),
        principal: rate(1, 1),
        operations: BTreeMap::new(),
        guess: rate(1, 1),
        keys_max: 1000,
    };
    AddressLimit::new(&limits, Arc::new(clock.clone()), Some(&shared))
}

fn nodes(nodes: u32, lease_percent_max: u32, requests: (u32, u32)) -> Nodes {
    let clock = HandClock::at(Timestamp::from_unix_ms(0));
    clock.advance_ms(10_000_000);
    let counter = Arc::new(MemoryCounter::new(Arc::new(clock.clone())));
    let settings = settings(nodes, lease_percent_max);
    let limit = |_| {
        let counter: Arc<dyn SharedCounter> = counter.clone();
        over(counter, settings, requests, &clock)
    };
    Nodes {
        limits: (0..nodes).map(limit).collect(),
        clock,
    }
}

impl Nodes {
    /// One request at a node; what is asked beside it is answered before the next.
    async fn passes(&self, node: usize, block: AddressBlock) -> bool {
        let passes = self.limits[node].check(block).await.is_ok();
        tokio::task::yield_now().await;
        passes
    }
}

#[derive(Debug, Clone)]
struct History {
    nodes: u32,
    requests_max: u32,
    window_seconds: u32,
    lease_percent_max: u32,
    /// At which node, after how many milliseconds.
    steps: Vec<(usize, u32)>,
}

fn history() -> impl Strategy<Value = History> {
    let pause = prop_oneof![6 => Just(0_u32), 3 => 1..200_u32, 1 => 500..5_000_u32];
    let steps = prop::collection::vec((0..3_usize, pause), 1..400);
    (1..=3_u32, 1..200_u32, 1..30_u32, 0..=100_u32, steps).prop_map(
        |(nodes, requests_max, window_seconds, lease_percent_max, steps)| History {
            nodes,
            requests_max,
            window_seconds,
            lease_percent_max,
            steps,
        },
    )
}

#[test]
fn no_window_admits_more_than_the_limit_and_what_was_taken_ahead() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut runner = TestRunner::deterministic();
    for _ in 0..200 {
        let history = history().new_tree(&mut runner).unwrap().current();
        runtime.block_on(holds(&history));
    }
}

async fn holds(history: &History) {
    let requests = (history.requests_max, history.window_seconds);
    let nodes = nodes(history.nodes, history.lease_percent_max, requests);
    let peer = block("192.0.2.1");
    let mut admitted = Vec::new();
    let mut now_ms = 0_u64;
    for (node, pause) in &history.steps {
        nodes.clock.advance_ms(*pause);
        now_ms += u64::from(*pause);
        if nodes.passes(node % nodes.limits.len(), peer).await {
            admitted.push(now_ms);
        }
    }
    let settings = settings(history.nodes, history.lease_percent_max);
    let rate = rate(requests.0, requests.1);
    // n × k, as ARCHITECTURE says, and not as the limiter believes; a lease of one is spent at once.
    let (all, nodes_count) = (u64::from(history.requests_max), u64::from(history.nodes));
    let lease = all * u64::from(history.lease_percent_max) / 100 / nodes_count;
    let ahead = if lease > 1 { lease * nodes_count } else { 0 };
    assert_eq!(u64::from(settings.over_admission_max(rate)), ahead);
    let period_us = u64::try_from(rate.period().as_micros()).unwrap();
    for (first, began) in admitted.iter().enumerate() {
        for (last, ended) in admitted.iter().enumerate().skip(first) {
            let within = (last - first + 1) as u64;
            let given = u64::from(history.requests_max) + (ended - began) * 1_000 / period_us;
            assert!(
                within <= given + ahead,
                "{within} of {given} and {ahead} in {} ms: {history:?}",
                ended - began
            );
        }
    }
}

#[tokio::test]
async fn who_keeps_to_the_limit_is_never_refused_however_they_come() {
    let peer = block("192.0.2.1");
    // Sixty a minute: one every 1.25 s at changing nodes, or four at once every 5 s at one.
    let even = nodes(2, 50, (60, 60));
    for n in 0..400 {
        even.clock.advance_ms(1_250);
        assert!(even.passes(n % 2, peer).await, "request {n}");
    }
    let bursts = nodes(2, 50, (60, 60));
    for n in 0..400 {
        bursts.clock.advance_ms(if n % 4 == 0 { 5_000 } else { 0 });
        assert!(bursts.passes(0, peer).await, "request {n}");
    }
}

#[tokio::test]
async fn a_busy_key_asks_once_for_many_and_a_refused_one_not_at_all() {
    let clock = HandClock::at(Timestamp::from_unix_ms(0));
    clock.advance_ms(10_000_000);
    let flaky = Arc::new(Flaky::over(&clock));
    let counter: Arc<dyn SharedCounter> = flaky.clone();
    let limit = over(counter, settings(2, 20), (1_000, 60), &clock);
    let peer = block("192.0.2.1");
    let mut admitted = 0;
    for n in 0..2_000 {
        if n % 100 == 0 {
            clock.advance_ms(500);
        }
        admitted += usize::from(limit.check(peer).await.is_ok());
        tokio::task::yield_now().await;
    }
    // A lease of a hundred, taken whenever it is half spent; a period is 60 ms.
    assert!((1_000..=1_200).contains(&admitted), "{admitted}");
    let asked = flaky.asked.load(Ordering::Relaxed);
    assert!(asked < 250, "asked {asked} times for {admitted}");
}

#[tokio::test]
async fn rl_04_on_its_own_a_process_keeps_to_its_part_and_comes_back() {
    let clock = HandClock::at(Timestamp::from_unix_ms(0));
    clock.advance_ms(10_000_000);
    let flaky = Arc::new(Flaky::over(&clock));
    let counter: Arc<dyn SharedCounter> = flaky.clone();
    let limit = over(counter, settings(4, 10), (100, 60), &clock);
    for (fails, is_reachable, peer) in [(true, true, "192.0.2.1"), (true, false, "192.0.2.2")] {
        flaky.fails.store(fails, Ordering::Relaxed);
        flaky.is_reachable.store(is_reachable, Ordering::Relaxed);
        assert_eq!(passed(&limit, block(peer), 400).await, 25);
        let exceeded = limit.check(block(peer)).await.unwrap_err();
        assert_eq!(exceeded.allowance.policy_field(), "\"address\";q=25;w=60");
    }
    flaky.fails.store(false, Ordering::Relaxed);
    flaky.is_reachable.store(true, Ordering::Relaxed);
    assert_eq!(passed(&limit, block("192.0.2.1"), 400).await, 100);
}

/// A count that can be taken away.
#[derive(Debug)]
struct Flaky {
    counter: MemoryCounter,
    fails: AtomicBool,
    is_reachable: AtomicBool,
    asked: AtomicUsize,
}

impl Flaky {
    fn over(clock: &HandClock) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(clock.clone());
        Self {
            counter: MemoryCounter::new(clock),
            fails: AtomicBool::new(false),
            is_reachable: AtomicBool::new(true),
            asked: AtomicUsize::new(0),
        }
    }
}

impl SharedCounter for Flaky {
    fn take(&self, take: Take) -> Taking<'_> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.fails.load(Ordering::Relaxed) {
            return Taking::new(async { Err(SharedError::Unreachable) });
        }
        self.counter.take(take)
    }

    fn is_reachable(&self) -> bool {
        self.is_reachable.load(Ordering::Relaxed)
    }
}

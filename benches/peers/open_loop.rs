//! How long an answer takes when requests come at their own pace, not when the last was answered.

use std::fmt::Write;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use crate::client::Line;
use crate::cpu::cpu_seconds;
use crate::peers::Peer;

/// Connections that take turns. Each has a schedule of its own, and a request that has to wait
/// for the one before counts from when it should have been sent.
const LINES: u32 = 32;
/// How long latency is looked at, for each peer.
pub(crate) const ROW: Duration = Duration::from_secs(8);
/// Upper ends of the histogram's columns, in microseconds.
const COLUMNS: [u64; 9] = [
    250,
    500,
    1_000,
    2_000,
    4_000,
    8_000,
    16_000,
    64_000,
    u64::MAX,
];

/// Times from when each request should have been sent to its whole answer, sorted; and what one
/// cost the peer, in microseconds of processor time.
pub(crate) fn latencies(
    peer: &Peer,
    tls: &Arc<ClientConfig>,
    request: &[u8],
    a_second: f64,
    row: Duration,
) -> (Vec<Duration>, f64) {
    let every = Duration::from_secs_f64(f64::from(LINES) / a_second);
    let mut lines: Vec<_> = (0..LINES).map(|_| Line::to(peer.address, tls)).collect();
    for line in &mut lines {
        line.ask(request);
    }
    let cpu_before = cpu_seconds(peer.id());
    let began = Instant::now() + Duration::from_millis(50);
    let mut all: Vec<Duration> = thread::scope(|scope| {
        let threads: Vec<_> = (0..LINES)
            .zip(lines)
            .map(|(at, mut line)| {
                scope.spawn(move || {
                    let mut took = Vec::new();
                    let mut due = began + every * at / LINES;
                    while due < began + row {
                        thread::sleep(due.saturating_duration_since(Instant::now()));
                        line.ask(request);
                        took.push(due.elapsed());
                        due += every;
                    }
                    took
                })
            })
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap());
        joined.flatten().collect()
    });
    let cpu = cpu_seconds(peer.id()) - cpu_before;
    all.sort_unstable();
    let cpu_us = cpu / all.len() as f64 * 1e6;
    (all, cpu_us)
}

/// One line: median, p99, p99.9, and the share of each column.
pub(crate) fn told(latencies: &[Duration]) -> String {
    let at = |per_mille: usize| {
        let index = (latencies.len() * per_mille / 1000).min(latencies.len() - 1);
        latencies[index].as_secs_f64() * 1e3
    };
    let mut text = format!(
        "p50 {:.2} ms  p99 {:.2} ms  p99.9 {:.2} ms ",
        at(500),
        at(990),
        at(999)
    );
    let mut below = 0;
    for column in COLUMNS {
        let end = Duration::from_micros(column.min(3_600_000_000));
        let until = latencies.partition_point(|took| *took <= end);
        let share = (until - below) * 1000 / latencies.len();
        if until > below {
            let name = match column {
                u64::MAX => "more".to_owned(),
                us => format!("≤{} ms", us as f64 / 1e3),
            };
            write!(text, "  {name}: {}.{}%", share / 10, share % 10).unwrap();
        }
        below = until;
    }
    text
}

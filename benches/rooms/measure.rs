//! A small measurement: rounds of a few milliseconds, their median and their worst.

use std::hint::black_box;
use std::time::Duration;

use muhrdor::clock::{Clock, SystemClock};

/// How long one row is measured, and how long a round of it takes at least.
const ROW: Duration = Duration::from_secs(2);
const ROUND: Duration = Duration::from_millis(5);

/// The rows, printed as they come.
pub(crate) struct Table {
    clock: SystemClock,
    wanted: Option<String>,
}

impl Table {
    pub(crate) fn new(wanted: Option<String>) -> Self {
        println!(
            "{:<52} {:>10} {:>12} {:>12} {:>14}",
            "what", "times", "median", "worst", "a second"
        );
        Self {
            clock: SystemClock::new(),
            wanted,
        }
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        self.wanted
            .as_ref()
            .is_none_or(|wanted| name.contains(wanted.as_str()))
    }

    /// Measures what is done by one thread, one after the other.
    pub(crate) fn row<T>(&mut self, name: &str, mut work: impl FnMut() -> T) {
        if !self.wants(name) {
            return;
        }
        let once = self.time(&mut work, 1);
        let each = (ROUND.as_nanos() / once.as_nanos().max(1)).clamp(1, 1_000_000);
        let each = u32::try_from(each).unwrap();
        let mut rounds = Vec::new();
        let began = self.clock.monotonic();
        while rounds.len() < 3 || self.clock.monotonic().since(began) < ROW {
            rounds.push(self.time(&mut work, each) / each);
        }
        let times = u64::from(each) * u64::try_from(rounds.len()).unwrap();
        rounds.sort_unstable();
        let median = rounds[rounds.len() / 2];
        let rate = 1.0 / median.as_secs_f64();
        print(name, times, median, *rounds.last().unwrap(), rate);
    }

    /// Measures what many do at once: `work` does so many and gives how long each took.
    pub(crate) fn crowd(&mut self, name: &str, work: impl FnOnce(&SystemClock) -> Vec<Duration>) {
        if !self.wants(name) {
            return;
        }
        let began = self.clock.monotonic();
        let mut each = work(&self.clock);
        let took = self.clock.monotonic().since(began);
        each.sort_unstable();
        let times = u32::try_from(each.len()).unwrap();
        let rate = f64::from(times) / took.as_secs_f64();
        print(
            name,
            times.into(),
            each[each.len() / 2],
            *each.last().unwrap(),
            rate,
        );
    }

    fn time<T>(&self, work: &mut impl FnMut() -> T, times: u32) -> Duration {
        let began = self.clock.monotonic();
        for _ in 0..times {
            black_box(work());
        }
        self.clock.monotonic().since(began)
    }
}

fn print(name: &str, times: u64, median: Duration, worst: Duration, rate: f64) {
    let (median, worst) = (readable(median), readable(worst));
    println!("{name:<52} {times:>10} {median:>12} {worst:>12} {rate:>14.0}");
}

fn readable(time: Duration) -> String {
    format!("{:.2} µs", time.as_secs_f64() * 1e6)
}

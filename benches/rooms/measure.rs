//! A small measurement: rounds of a few milliseconds, their median and their worst; and what it cost
//! this process.

#[path = "../walk/cpu.rs"]
mod cpu;

use std::hint::black_box;
use std::process;
use std::time::Duration;

use muhrdor::clock::{Clock, SystemClock};
use tokio::task::JoinSet;

use cpu::cpu_seconds;

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
            "{:<52} {:>10} {:>12} {:>12} {:>14} {:>12}",
            "what", "times", "median", "worst", "a second", "CPU each"
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

    /// Measures what is done one after the other. Gives the processor time of each, of all threads.
    pub(crate) fn row<T>(&mut self, name: &str, mut work: impl FnMut() -> T) -> Option<Duration> {
        if !self.wants(name) {
            return None;
        }
        let once = self.time(&mut work, 1);
        let each = (ROUND.as_nanos() / once.as_nanos().max(1)).clamp(1, 1_000_000);
        let each = u32::try_from(each).unwrap();
        let mut rounds = Vec::new();
        let (began, before) = (self.clock.monotonic(), own_cpu());
        while rounds.len() < 3 || self.clock.monotonic().since(began) < ROW {
            rounds.push(self.time(&mut work, each) / each);
        }
        let times = each * u32::try_from(rounds.len()).unwrap();
        let cpu = own_cpu().saturating_sub(before) / times;
        rounds.sort_unstable();
        let rate = 1.0 / rounds[rounds.len() / 2].as_secs_f64();
        print(name, times, &rounds, rate, cpu);
        Some(cpu)
    }

    /// Measures what many do at once: `work` does so many and gives how long each took. Gives the
    /// processor time of each, of all threads.
    pub(crate) fn crowd(
        &mut self,
        name: &str,
        work: impl FnOnce(&SystemClock) -> Vec<Duration>,
    ) -> Option<Duration> {
        if !self.wants(name) {
            return None;
        }
        let (began, before) = (self.clock.monotonic(), own_cpu());
        let mut each = work(&self.clock);
        let took = self.clock.monotonic().since(began);
        let times = u32::try_from(each.len()).unwrap();
        let cpu = own_cpu().saturating_sub(before) / times;
        each.sort_unstable();
        print(
            name,
            times,
            &each,
            f64::from(times) / took.as_secs_f64(),
            cpu,
        );
        Some(cpu)
    }

    fn time<T>(&self, work: &mut impl FnMut() -> T, times: u32) -> Duration {
        let began = self.clock.monotonic();
        for _ in 0..times {
            black_box(work());
        }
        self.clock.monotonic().since(began)
    }
}

/// Lets so many workers share the work, and gives how long each piece took.
pub(crate) async fn together<W, F>(
    workers: u32,
    count: u32,
    clock: SystemClock,
    work: W,
) -> Vec<Duration>
where
    W: Fn(u32) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let mut tasks = JoinSet::new();
    for worker in 0..workers {
        let work = work.clone();
        tasks.spawn(async move {
            let mut took = Vec::new();
            for n in (worker..count).step_by(usize::try_from(workers).unwrap()) {
                let began = clock.monotonic();
                work(n).await;
                took.push(clock.monotonic().since(began));
            }
            took
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

fn own_cpu() -> Duration {
    Duration::from_secs_f64(cpu_seconds(process::id()))
}

/// One row; `each` is sorted.
pub(crate) fn print(name: &str, times: u32, each: &[Duration], rate: f64, cpu: Duration) {
    let (median, worst) = (each[each.len() / 2], *each.last().unwrap());
    let [median, worst, cpu] = [median, worst, cpu].map(readable);
    println!("{name:<52} {times:>10} {median:>12} {worst:>12} {rate:>14.0} {cpu:>12}");
}

fn readable(time: Duration) -> String {
    format!("{:.2} µs", time.as_secs_f64() * 1e6)
}

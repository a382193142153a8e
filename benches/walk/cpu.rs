//! Processor time of a process, as the kernel counts it.

/// What `/proc` counts processor time in (`sysconf(_SC_CLK_TCK)`).
const TICKS_A_SECOND: f64 = 100.0;

/// User and system time of all threads of a process, also of those that ended (proc(5), fields 14
/// and 15 of `stat`). Ten milliseconds are the least that it tells apart.
pub(crate) fn cpu_seconds(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks
        .map(|ticks| ticks.parse::<f64>().unwrap())
        .sum::<f64>()
        / TICKS_A_SECOND
}

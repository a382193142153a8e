//! `[telemetry.otlp]` as the operator writes it.

use super::{demo_text, problems, read};

const SECTION: &str =
    "[telemetry.otlp]\nendpoint = \"http://127.0.0.1:4318/v1/traces\"\n\n[limits]\n";

#[cfg(feature = "otlp")]
#[test]
fn a_collector_has_bounds_that_are_named() {
    let config = read(&demo_text().replacen("[limits]\n", SECTION, 1)).unwrap();
    let otlp = config.telemetry.otlp.unwrap();
    assert_eq!(otlp.endpoint, "http://127.0.0.1:4318/v1/traces");
    let queue = (otlp.queue_spans_max, otlp.batch_spans_max);
    assert_eq!(queue, (2_048, 512));
    let time = (otlp.batch_ms_max, otlp.timeout_ms_max);
    assert_eq!((otlp.sample_percent, time), (100, (5_000, 10_000)));
    let wrong = "[telemetry.otlp]\nendpoint = \"http://collector.example/v1/traces\"\n\
                 sample_percent = 101\nqueue = 1\n\n[limits]\n";
    let told = problems("[limits]\n", wrong);
    for part in [
        "neither `https` nor on this machine",
        "`sample_percent` is 101",
        "unknown key `queue`",
    ] {
        assert!(told.iter().any(|line| line.contains(part)), "{told:#?}");
    }
}

#[cfg(not(feature = "otlp"))]
#[test]
fn a_program_that_sends_no_spans_says_so_with_the_line() {
    let line = super::line_of("[limits]") + 1;
    let told = problems("[limits]\n", SECTION);
    let said = "this program was built without the feature `otlp`; build it with `--features otlp`";
    let expected = format!("conf/gateway.toml:{line}: {said}, or take the section out");
    assert_eq!(told, [expected]);
    assert!(read(&demo_text()).unwrap().telemetry.otlp.is_none());
}

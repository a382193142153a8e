//! The watched clock: T8, T10 and L16.

use muhrdor::clock::{Clock, HandClock};
use muhrdor::cms::{Failure, TimeStampRequest};
use muhrdor::domain::time::Timestamp;
use muhrdor::notary::{Doubt, Tsa, TsaError};

use super::{ACCURACY_SECONDS, authority, authority_of, refused};
use crate::cms::{CONTENT, now, pki, sha256};

const MINUTE_MS: u32 = 60_000;
const HOUR_MS: i64 = 3_600_000;

/// Wall time is set `ms` further, and no time passes.
fn step(clock: &HandClock, ms: i64) {
    clock.set(clock.now().plus_ms(ms));
}

fn doubt(tsa: &Tsa) -> Option<Doubt> {
    match tsa.stamp(&sha256(CONTENT)) {
        Ok(_) => None,
        Err(TsaError::Clock(doubt)) => Some(doubt),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn t8_a_clock_that_goes_back_or_jumps_stamps_nothing_and_says_so() {
    let request = TimeStampRequest::new(sha256(CONTENT), [1; 16]).to_der();
    for ms in [-2_000, HOUR_MS, -HOUR_MS, 501] {
        let (tsa, clock) = authority();
        // The floor is long past, so that what shows is the step.
        clock.advance_ms(2 * 60 * MINUTE_MS);
        assert_eq!(doubt(&tsa), None);
        step(&clock, ms);
        let reply = tsa.reply(&request);
        assert_eq!(
            refused(reply.der()),
            Some(Failure::TimeNotAvailable),
            "{ms}"
        );
        assert!(doubt(&tsa).is_some(), "{ms}");
    }
}

#[test]
fn t8_a_clock_that_is_set_between_the_start_and_the_first_stamp_is_found() {
    let (tsa, clock) = authority();
    step(&clock, HOUR_MS);
    assert_eq!(doubt(&tsa), Some(Doubt::Jumped));
}

#[test]
fn t8_a_leap_second_is_more_than_tokens_promise() {
    for ms in [1_000, -1_000] {
        let (tsa, clock) = authority();
        clock.advance_ms(MINUTE_MS);
        assert_eq!(doubt(&tsa), None);
        step(&clock, ms);
        assert!(doubt(&tsa).is_some(), "{ms}");
    }
}

#[test]
fn a_token_says_the_nearest_second_and_is_never_farther_off_than_it_promises() {
    for drift_ms in [500, -500] {
        let (tsa, clock) = authority();
        clock.advance_ms(MINUTE_MS);
        step(&clock, drift_ms);
        for ms in [0, 499, 1, 250] {
            clock.advance_ms(ms);
            let said = tsa.stamp(&sha256(CONTENT)).unwrap().at;
            assert_eq!(said.unix_ms() % 1000, 0);
            let off_ms = said.ms_since(clock.now().plus_ms(-drift_ms)).abs();
            assert!(off_ms <= i64::from(ACCURACY_SECONDS) * 1000, "{off_ms}");
        }
    }
}

#[test]
fn t8_a_clock_that_goes_on_from_a_false_time_is_never_believed_again() {
    let (tsa, clock) = authority();
    assert_eq!(doubt(&tsa), None);
    step(&clock, HOUR_MS);
    for _ in 0..48 {
        clock.advance_ms(30 * MINUTE_MS);
        assert_eq!(doubt(&tsa), Some(Doubt::Jumped));
    }
}

#[test]
fn t8_a_clock_that_comes_back_is_believed_after_a_minute_and_not_before() {
    let (tsa, clock) = authority();
    assert_eq!(doubt(&tsa), None);
    step(&clock, HOUR_MS);
    assert_eq!(doubt(&tsa), Some(Doubt::Jumped));
    step(&clock, -HOUR_MS);
    // The step back is itself one.
    assert_eq!(doubt(&tsa), Some(Doubt::Jumped));
    assert_eq!(doubt(&tsa), Some(Doubt::Unsettled));
    clock.advance_ms(MINUTE_MS - 1);
    assert_eq!(doubt(&tsa), Some(Doubt::Unsettled));
    // Another step begins the minute anew.
    step(&clock, HOUR_MS);
    assert_eq!(doubt(&tsa), Some(Doubt::Jumped));
    step(&clock, -HOUR_MS);
    assert_eq!(doubt(&tsa), Some(Doubt::Jumped));
    assert_eq!(doubt(&tsa), Some(Doubt::Unsettled));
    clock.advance_ms(MINUTE_MS);
    assert_eq!(doubt(&tsa), None);
}

#[test]
fn t8_small_steps_do_not_add_up() {
    let (tsa, clock) = authority();
    let mut stamped = 0;
    while doubt(&tsa).is_none() {
        stamped += 1;
        assert!(
            stamped < 3,
            "each step is below the accuracy, their sum is not"
        );
        clock.advance_ms(MINUTE_MS);
        step(&clock, 400);
    }
    assert_eq!(stamped, 2);
    // From one end of what is allowed to the other is a step as well, either way.
    for ms in [450, -450] {
        let (tsa, clock) = authority();
        clock.advance_ms(MINUTE_MS);
        assert_eq!(doubt(&tsa), None);
        step(&clock, ms);
        assert_eq!(doubt(&tsa), None);
        step(&clock, -2 * ms);
        assert!(doubt(&tsa).is_some(), "{ms}");
    }
}

#[test]
fn t8_a_machine_that_stood_still_is_in_doubt() {
    let (tsa, clock) = authority();
    assert_eq!(doubt(&tsa), None);
    let asleep = clock.now();
    clock.advance_ms(5 * MINUTE_MS);
    // Wall time stood, as in a virtual machine that was paused and not told.
    clock.set(asleep);
    assert!(doubt(&tsa).is_some());
}

#[test]
fn t10_l16_nothing_is_stamped_before_what_was_logged_last() {
    let begun = Timestamp::from_unix_seconds(now().unix_seconds());
    let clock = HandClock::at(begun);
    let logged = begun.plus_ms(HOUR_MS);
    let certificate = pki().certificate("stamp");
    let tsa = authority_of(&clock, logged, "stamp", certificate).unwrap();
    assert_eq!(doubt(&tsa), Some(Doubt::BeforeFloor));
    // One millisecond before the second that was logged is the nearest.
    step(&clock, HOUR_MS - 501);
    assert_eq!(doubt(&tsa), Some(Doubt::BeforeFloor));
    // A clock that is put right before anything was stamped needs no new start.
    step(&clock, 1);
    let stamped = tsa.stamp(&sha256(CONTENT)).unwrap();
    assert_eq!(stamped.at, logged);
    step(&clock, -1);
    assert_eq!(doubt(&tsa), Some(Doubt::BeforeFloor));
}

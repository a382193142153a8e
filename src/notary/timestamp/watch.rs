//! Whether the time may be told: the wall clock held against what it said before and against the
//! monotonic clock, which no one can set.
//!
//! At the first good look the two clocks give a line: wall time then, and what has passed since. A
//! wall clock that leaves this line has been set, or the machine stood still; either way it is not
//! known which time is true. A clock that merely goes on from its new time is therefore not
//! believed again, however long it does. Only two things mend it: the wall clock comes back to the
//! line and stays there for [`SETTLED_MS`], or an operator looks at the clock and starts again.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock, Monotonic};
use crate::domain::time::Timestamp;

/// Why no time is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    #[error("the clock is before what was stamped or logged last")]
    BeforeFloor,
    #[error("the clock went back")]
    WentBack,
    #[error("the clock was set, or the machine stood still")]
    Jumped,
    #[error("the clock was in doubt and has not agreed with itself for long enough")]
    Unsettled,
    #[error("the two clocks cannot be read together")]
    Unreadable,
}

/// Watches one clock.
#[derive(Debug)]
pub(super) struct Watch {
    clock: Arc<dyn Clock>,
    /// How far the wall clock may be off: the accuracy that tokens promise, less what rounding to
    /// whole seconds takes of it.
    allowance_ms: i64,
    floor: Timestamp,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// No look has found the clock at or after the floor.
    Unset,
    Set(Line),
}

#[derive(Debug)]
struct Line {
    wall: Timestamp,
    at: Monotonic,
    /// The latest time that was told.
    latest: Timestamp,
    /// How far the wall clock was off the line at the last look.
    off_ms: i64,
    standing: Standing,
}

#[derive(Debug, Clone, Copy)]
enum Standing {
    Trusted,
    /// In doubt; on the line again since then, if it is.
    Doubted(Option<Monotonic>),
}

impl Watch {
    /// A watch over `clock`, which may not be before `floor`.
    pub(super) fn new(clock: Arc<dyn Clock>, accuracy_seconds: u32, floor: Timestamp) -> Self {
        let watch = Self {
            clock,
            allowance_ms: i64::from(accuracy_seconds) * 1000 - ROUNDING_MS_MAX,
            floor,
            state: Mutex::new(State::Unset),
        };
        // The line begins here if it can; a clock that is before the floor may still be put right.
        let _ = watch.look();
        watch
    }

    /// The time, to be stamped.
    ///
    /// # Errors
    /// The [`Doubt`] that forbids it.
    pub(super) fn look(&self) -> Result<Timestamp, Doubt> {
        // A look that panicked left a whole state behind: each change is one assignment.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, at) = self.read()?;
        if is_before(now, self.floor) && matches!(*state, State::Unset) {
            return Err(Doubt::BeforeFloor);
        }
        match &mut *state {
            State::Unset => {
                *state = State::Set(Line {
                    wall: now,
                    at,
                    latest: now,
                    off_ms: 0,
                    standing: Standing::Trusted,
                });
                Ok(now)
            }
            State::Set(line) => {
                let judged = self.judge(line, now, at);
                line.settle(judged.err(), at)?;
                line.latest = line.latest.max(now);
                Ok(now)
            }
        }
    }

    /// Both clocks at one moment. A thread that is set aside between the two readings would seem
    /// to find a jump.
    fn read(&self) -> Result<(Timestamp, Monotonic), Doubt> {
        for _ in 0..READINGS_MAX {
            let before = self.clock.monotonic();
            let now = self.clock.now();
            let after = self.clock.monotonic();
            if after.since(before).as_millis() <= READING_MS_MAX {
                return Ok((now, after));
            }
        }
        Err(Doubt::Unreadable)
    }

    fn judge(&self, line: &mut Line, now: Timestamp, at: Monotonic) -> Result<(), Doubt> {
        let passed_ms = i64::try_from(at.since(line.at).as_millis()).unwrap_or(i64::MAX);
        let off_ms = now.ms_since(line.wall.plus_ms(passed_ms));
        let moved_ms = off_ms.saturating_sub(line.off_ms);
        line.off_ms = off_ms;
        if is_before(now, self.floor) {
            return Err(Doubt::BeforeFloor);
        }
        if line.latest.ms_since(now) > self.allowance_ms {
            return Err(Doubt::WentBack);
        }
        // Against the first look, so that small steps do not add up, and against the last.
        let farthest = off_ms.saturating_abs().max(moved_ms.saturating_abs());
        if farthest > self.allowance_ms {
            return Err(Doubt::Jumped);
        }
        Ok(())
    }
}

/// The nearest whole second, which is what a token says.
pub(super) fn whole_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_unix_seconds(moment.plus_ms(ROUNDING_MS_MAX).unix_seconds())
}

/// Whether a token of `now` would say less than one of the floor.
fn is_before(now: Timestamp, floor: Timestamp) -> bool {
    whole_second(now) < whole_second(floor)
}

impl Line {
    /// Notes what a look found, and says whether the time may be told.
    fn settle(&mut self, found: Option<Doubt>, at: Monotonic) -> Result<(), Doubt> {
        match (found, self.standing) {
            (None, Standing::Trusted) => Ok(()),
            (None, Standing::Doubted(Some(since))) if at.since(since).as_millis() >= SETTLED_MS => {
                tracing::info!(target: "muhrdor::tsa", "the clock is trusted again");
                self.standing = Standing::Trusted;
                Ok(())
            }
            (None, Standing::Doubted(since)) => {
                self.standing = Standing::Doubted(since.or(Some(at)));
                Err(Doubt::Unsettled)
            }
            (Some(doubt), standing) => {
                if matches!(standing, Standing::Trusted) {
                    let off_ms = self.off_ms;
                    tracing::error!(target: "muhrdor::tsa", %doubt, off_ms, "no time is stamped");
                }
                self.standing = Standing::Doubted(None);
                Err(doubt)
            }
        }
    }
}

const ROUNDING_MS_MAX: i64 = 500;
/// Longer than a daemon takes to undo a step of its own, shorter than people wait for a document.
const SETTLED_MS: u128 = 60_000;
const READINGS_MAX: u32 = 5;
const READING_MS_MAX: u128 = 100;

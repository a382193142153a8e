//! What a store of sessions must keep.

use std::sync::Arc;
use std::thread;

use crate::domain::time::Timestamp;
use crate::identity::session::{Changed, RowKey, SessionRow, SessionStore};
use crate::store::conformance::{Breach, done, hold_to};

/// Holds an empty [`SessionStore`] to its promises.
pub fn sessions(reopen: &dyn Fn() -> Arc<dyn SessionStore>) -> Result<(), Breach> {
    let store = reopen();
    hold_to(
        done(store.changed_since(0))? == Changed::default(),
        "a new store has seen no change",
    )?;
    hold_to(
        done(store.get(&key(0)))?.is_none(),
        "a new store has no sessions",
    )?;
    for n in 0..6 {
        done(store.insert(&row(n)))?;
    }
    kept(reopen)?;
    used(reopen)?;
    replaced(reopen)?;
    ended(reopen)?;
    ended_once(reopen)?;
    swept(reopen)?;
    remembered(reopen)
}

const fn at(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(ms)
}

const fn key(n: u8) -> RowKey {
    RowKey([n; 32])
}

/// Idle until 1,000 and a bit, over at 5,000 and a bit.
fn row(n: u8) -> SessionRow {
    SessionRow {
        key: key(n),
        idle_until: at(1_000 + i64::from(n)),
        ends: at(5_000 + i64::from(n)),
        sealed: vec![n; usize::from(n) * 100],
    }
}

fn kept(reopen: &dyn Fn() -> Arc<dyn SessionStore>) -> Result<(), Breach> {
    let store = reopen();
    for n in 0..6 {
        hold_to(
            done(store.get(&key(n)))? == Some(row(n)),
            "a session is read as it was written",
        )?;
    }
    hold_to(
        done(store.get(&key(9)))?.is_none(),
        "a stranger has no session",
    )?;
    hold_to(
        done(store.changed_since(0))? == Changed::default(),
        "a beginning is no change",
    )
}

fn used(reopen: &dyn Fn() -> Arc<dyn SessionStore>) -> Result<(), Breach> {
    let store = reopen();
    hold_to(
        done(store.used(&key(1), at(2_000)))?,
        "a session that is there is used",
    )?;
    hold_to(
        !done(store.used(&key(9), at(2_000)))?,
        "a session that is not there is not used",
    )?;
    let moved = SessionRow {
        idle_until: at(2_000),
        ..row(1)
    };
    hold_to(
        done(store.get(&key(1)))? == Some(moved),
        "a use moves the idle end and nothing else",
    )?;
    hold_to(
        done(store.get(&key(2)))? == Some(row(2)),
        "a use is of one session only",
    )?;
    hold_to(
        done(store.get(&key(9)))?.is_none(),
        "the use of a session that is not there makes none",
    )?;
    hold_to(
        done(store.changed_since(0))? == Changed::default(),
        "a use is no change",
    )
}

fn replaced(reopen: &dyn Fn() -> Arc<dyn SessionStore>) -> Result<(), Breach> {
    let store = reopen();
    hold_to(
        done(store.replace(&key(2), b"another", at(10)))?,
        "a session that is there is replaced",
    )?;
    hold_to(
        !done(store.replace(&key(9), b"another", at(10)))?,
        "a session that is not there is not replaced",
    )?;
    let other = SessionRow {
        sealed: b"another".to_vec(),
        ..row(2)
    };
    hold_to(
        done(reopen().get(&key(2)))? == Some(other),
        "what is sealed is replaced, and nothing else",
    )?;
    hold_to(
        done(store.get(&key(9)))?.is_none(),
        "a replacement makes no session",
    )?;
    changes(reopen, 0, &[key(2)], "a replacement is one change")
}

fn ended(reopen: &dyn Fn() -> Arc<dyn SessionStore>) -> Result<(), Breach> {
    let store = reopen();
    hold_to(
        done(store.end(&key(3), at(20)))?,
        "a session that is there ends",
    )?;
    for again in [key(3), key(9)] {
        hold_to(
            !done(store.end(&again, at(20)))?,
            "a session that is not there does not end",
        )?;
    }
    hold_to(
        done(reopen().get(&key(3)))?.is_none(),
        "an ended session is gone",
    )?;
    hold_to(
        !done(store.replace(&key(3), b"again", at(20)))? && done(store.get(&key(3)))?.is_none(),
        "an ended session does not come back",
    )?;
    changes(
        reopen,
        0,
        &[key(2), key(3)],
        "changes are told in their order",
    )?;
    changes(
        reopen,
        1,
        &[key(3)],
        "changes are told from the one after the last seen",
    )?;
    changes(reopen, 2, &[], "what was seen is not told again")
}

/// Two who end the same session at once.
fn ended_once(reopen: &dyn Fn() -> Arc<dyn SessionStore>) -> Result<(), Breach> {
    let stores = [reopen(), reopen()];
    let outcomes: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = stores
            .iter()
            .map(|store| scope.spawn(|| done(store.end(&key(4), at(30)))))
            .collect();
        running
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect()
    });
    let mut ends = 0;
    for outcome in outcomes {
        let ended = outcome.map_err(|_| Breach("ending a session does not panic".to_owned()))?;
        ends += u32::from(ended?);
    }
    hold_to(ends == 1, "of two who end a session one has ended it")?;
    changes(reopen, 2, &[key(4)], "a session ends once")
}

/// Left are 0, 5, 2 (idle until 1,000 to 1,005) and 1 (idle until 2,000).
fn swept(reopen: &dyn Fn() -> Arc<dyn SessionStore>) -> Result<(), Breach> {
    let store = reopen();
    let left = || -> Result<Vec<u8>, Breach> {
        let mut left = Vec::new();
        for n in 0..6 {
            if done(store.get(&key(n)))?.is_some() {
                left.push(n);
            }
        }
        Ok(left)
    };
    done(store.sweep(at(999), at(0), 100))?;
    hold_to(
        left()? == [0, 1, 2, 5],
        "a session that goes on is not swept away",
    )?;
    done(store.sweep(at(1_005), at(0), 2))?;
    hold_to(left()?.len() == 2, "a sweep has a limit")?;
    done(store.sweep(at(1_005), at(0), 2))?;
    hold_to(left()? == [1], "sessions idle for too long are swept away")?;
    done(store.used(&key(1), at(9_000)))?;
    done(store.sweep(at(5_000), at(0), 100))?;
    hold_to(left()? == [1], "a session is swept away when it is over")?;
    done(store.sweep(at(5_001), at(0), 100))?;
    hold_to(left()?.is_empty(), "a session is over however it is used")?;
    changes(
        reopen,
        0,
        &[key(2), key(3), key(4)],
        "a sweep of sessions is no change",
    )
}

/// Changes are numbered 1 to 3, of the moments 10, 20 and 30; a fourth comes from a clock that was
/// set back.
fn remembered(reopen: &dyn Fn() -> Arc<dyn SessionStore>) -> Result<(), Breach> {
    let store = reopen();
    done(store.insert(&row(6)))?;
    done(store.end(&key(6), at(5)))?;
    done(store.sweep(at(0), at(15), 100))?;
    let from_the_first = done(store.changed_since(1))?;
    hold_to(
        from_the_first.everything || from_the_first.keys == [key(3), key(4), key(6)],
        "what is swept away is told as everything, whatever the clock said",
    )?;
    hold_to(
        done(store.changed_since(0))?.everything,
        "who has not seen what was swept away is told so",
    )?;
    done(store.sweep(at(0), at(40), 1))?;
    done(store.sweep(at(0), at(40), 1))?;
    hold_to(
        !done(store.changed_since(3))?.everything,
        "a sweep of changes has a limit",
    )?;
    done(store.sweep(at(0), at(40), 100))?;
    let last = done(reopen().changed_since(4))?;
    hold_to(
        last.sequence == 4 && last.keys.is_empty() && !last.everything,
        "who has seen the last change misses nothing when it is swept away",
    )?;
    hold_to(
        done(reopen().changed_since(3))?.everything,
        "who has not seen the last change is told so",
    )?;
    done(store.insert(&row(7)))?;
    done(store.end(&key(7), at(50)))?;
    changes(reopen, 4, &[key(7)], "a number is never given twice")
}

/// Whether these, and only these, are the changes after `since`, seen from a new opening.
fn changes(
    reopen: &dyn Fn() -> Arc<dyn SessionStore>,
    since: u64,
    expected: &[RowKey],
    promise: &str,
) -> Result<(), Breach> {
    let told = done(reopen().changed_since(since))?;
    let last = since + expected.len() as u64;
    hold_to(
        told.keys == expected && told.sequence == last && !told.everything,
        promise,
    )
}

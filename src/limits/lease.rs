//! What a process may spend of a shared limit without asking: one key's lease.
//!
//! A lease is paid for when it is taken, so that processes together never have more than the limit
//! gives; what was not spent in time is given back with the next question. It grows with use: a
//! quarter of what the key spent within one lease's time, so that a key that seldom asks takes no
//! more than it needs.

use std::time::Duration;

use crate::clock::Monotonic;
use crate::limits::shared::Taken;

/// The bounds of every lease of one limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) lease_requests_max: u32,
    pub(super) lease_ms_max: u64,
}

/// One key as this process knows it.
#[derive(Debug, Default)]
pub(super) struct Lease {
    /// What may be spent without asking.
    tokens: u32,
    /// When the oldest of them was taken.
    taken: Monotonic,
    /// What was left to all processes at the last answer.
    remaining: u32,
    refused_until: Option<Monotonic>,
    /// When the question was asked that is still open.
    asked: Option<Monotonic>,
    /// Spent since `began`, and in a lease's time before that.
    spent: u32,
    spent_before: u32,
    began: Monotonic,
}

/// What one request of a key comes to.
#[derive(Debug)]
pub(super) enum Spending {
    /// It may go on; `refresh` is to be asked beside it.
    Spent {
        remaining: u32,
        refresh: Option<Ask>,
    },
    /// It may not, and nobody has to be asked.
    Refused { wait: Duration },
    /// It has to wait for an answer.
    Ask(Ask),
}

/// A question to the shared count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    pub(super) wanted: u32,
    pub(super) unspent: u32,
    pub(super) unspent_age: Duration,
    asked: Monotonic,
    leads: bool,
}

impl Lease {
    /// One more request of the key.
    pub(super) fn spend(&mut self, now: Monotonic, terms: Terms) -> Spending {
        self.turn(now, terms);
        let wanted = self.wanted(terms);
        let age = now.since(self.taken);
        let is_open = self.asked.is_some_and(|asked| !is_over(asked, now, terms));
        if self.tokens > 0 && !is_over(self.taken, now, terms) {
            self.tokens -= 1;
            self.spent = self.spent.saturating_add(1);
            let is_low = wanted > 1 && self.tokens < wanted / 2;
            let may_ask = is_low && !is_open && self.refused_until.is_none_or(|until| until <= now);
            let wanted = wanted.min(terms.lease_requests_max.saturating_sub(self.tokens));
            return Spending::Spent {
                remaining: self.remaining.saturating_add(self.tokens),
                refresh: may_ask.then(|| self.ask(wanted, now, Duration::ZERO)),
            };
        }
        if let Some(until) = self.refused_until
            && until > now
        {
            return Spending::Refused {
                wait: until.since(now),
            };
        }
        if is_open {
            // Somebody else's question brings the lease; this one is for itself.
            return Spending::Ask(Ask {
                wanted: 1,
                unspent: 0,
                unspent_age: Duration::ZERO,
                asked: now,
                leads: false,
            });
        }
        Spending::Ask(self.ask(wanted, now, age))
    }

    /// The answer to a question; `spends` when the request that asked goes on with it.
    pub(super) fn receive(&mut self, ask: Ask, taken: Taken, spends: bool, terms: Terms) {
        if ask.leads {
            self.asked = None;
        }
        self.remaining = taken.remaining;
        if taken.granted == 0 {
            self.refused_until = Some(ask.asked.plus(taken.wait));
            return;
        }
        let mut granted = taken.granted;
        if spends {
            granted -= 1;
            self.spent = self.spent.saturating_add(1);
        }
        if self.tokens == 0 {
            self.taken = ask.asked;
        }
        let tokens = self.tokens.saturating_add(granted);
        self.tokens = tokens.min(terms.lease_requests_max);
    }

    /// A question that nobody answered. What it would have given back is lost to the key.
    pub(super) fn unanswered(&mut self, ask: Ask) {
        if ask.leads {
            self.asked = None;
        }
    }

    fn ask(&mut self, wanted: u32, now: Monotonic, unspent_age: Duration) -> Ask {
        self.asked = Some(now);
        // A refresh keeps what there is; whoever has nothing left that counts gives it back.
        let unspent = match unspent_age.is_zero() {
            true => 0,
            false => std::mem::take(&mut self.tokens),
        };
        Ask {
            wanted,
            unspent,
            unspent_age,
            asked: now,
            leads: true,
        }
    }

    /// Begins to count anew after a lease's time.
    fn turn(&mut self, now: Monotonic, terms: Terms) {
        if !is_over(self.began, now, terms) {
            return;
        }
        let is_next = now.since(self.began) < Duration::from_millis(terms.lease_ms_max * 2);
        self.spent_before = if is_next { self.spent } else { 0 };
        self.spent = 0;
        self.began = now;
    }

    fn wanted(&self, terms: Terms) -> u32 {
        let quarter = self.spent.max(self.spent_before) / 4;
        quarter.clamp(1, terms.lease_requests_max)
    }
}

fn is_over(began: Monotonic, now: Monotonic, terms: Terms) -> bool {
    now.since(began) >= Duration::from_millis(terms.lease_ms_max)
}

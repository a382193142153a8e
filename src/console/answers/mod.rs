//! What the in-house e-services answer: JSON made of what the rooms know.
//!
//! In: the principal and the rooms' own values. Out: the shapes of `shape`. Invariants: no PINFL,
//! no official's own number, no value of any field; what has a name is given its name in all four
//! languages, so that one answer serves every reader. Deliberately absent: who may see it.

mod home;
mod journal;
mod lexicon;
mod rule;
mod services;

#[cfg(test)]
mod tests;

pub(super) use home::home;
pub(super) use journal::{Access, Kept, journal};
pub(super) use lexicon::Lexicon;
pub(super) use services::services;

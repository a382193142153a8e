//! Where the rooms keep things: backends for the traits that rooms define.
//!
//! Answers: how is each promise kept here? In: what a room gives to keep. Out: the same again.
//! Invariants: a trait's doc comment is the promise and [`conformance`] is its test; every backend
//! passes it; opening never creates. Deliberately absent: a trait of its own, and any meaning of
//! what is kept.

pub mod conformance;
pub mod embedded;
pub mod memory;
pub mod redis;

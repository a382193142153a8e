//! The nouns of the house: what every room speaks about.
//!
//! Answers: what is a person, a principal, an operation, a data class, a reason? In: strings that
//! someone else read. Out: values that cannot be wrong. Invariants: no IO, no async, no clock; an
//! identifier of a person never shows itself in `Debug`. Deliberately absent: behaviour, but for the
//! few tools that every room needs and that need nothing themselves: [`hex`], [`remembered`], [`sheet`].

pub mod data;
pub mod decision;
pub mod document;
pub mod entry;
pub mod fact;
pub mod flow;
pub mod hex;
pub mod name;
pub mod operation;
pub mod peer;
pub mod person;
pub mod principal;
pub mod problem;
pub mod purpose;
pub mod reason;
pub mod remembered;
pub mod service;
pub mod sheet;
pub mod text;
pub mod time;

//! Muhrdor, the keeper of the seal: the one door in front of a state's e-services.
//!
//! The house, in reading order: `domain` and `wire` are the words, then the rooms in the order a
//! request walks them, then the corridor (`gateway`), the doors and what stands outside the walls.
//! `tests/it/tidy.rs` holds who may import whom.

#![forbid(unsafe_code)]

pub mod app;
pub mod clock;
pub mod telemetry;

// cellar: words and tools
pub mod cms;
pub mod domain;
pub mod egress;
pub mod keys;
pub mod pdf;
pub mod tlog;
pub mod wire;

// rooms, in walking order
pub mod counts;
pub mod facts;
pub mod identity;
pub mod journal;
pub mod limits;
pub mod notary;
pub mod policy;
pub mod redaction;
pub mod register;
pub mod upstream;

// corridor and doors
pub mod console;
pub mod gateway;
pub mod public;
pub mod server;

// outside the walls
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod store;

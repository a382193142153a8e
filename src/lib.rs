//! Muhrdor, the keeper of the seal: the one door in front of a state's e-services.
//!
//! The house, in reading order: `domain` and `wire` are the words, then the rooms in the order a
//! request walks them, then the corridor (`gateway`), the doors and what stands outside the walls.
//! `tests/it/tidy.rs` holds who may import whom.

#![forbid(unsafe_code)]

// cellar: words and tools
pub mod clock;
pub mod domain;
pub mod egress;
pub mod keys;
pub mod tlog;
pub mod wire;

// outside the walls
pub mod store;
// corridor and doors
pub mod server;
// rooms, in walking order
pub mod identity;
pub mod limits;
pub mod register;

// outside the walls
pub mod config;
// rooms, in walking order
pub mod policy;

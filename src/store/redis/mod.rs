//! Redis, for what processes on several machines share and may lose.
//!
//! In: keyed pseudonyms and numbers. Out: the same. Invariants: one connection, made again when it
//! breaks or when its server takes no writes any more; every key has an end of life; nothing in it
//! says whose it is. Deliberately absent: anything that must not be lost.

mod counter;
mod link;

pub use counter::RedisCounter;
pub use link::{RedisSettings, RedisTls};

//! What is about proofs, not about persons: the check of documents, time-stamps, the log's tiles.
//!
//! In: requests at reserved paths, from anyone. Out: verdicts, tokens, tiles. Invariants: no answer
//! holds anything of a person; what is not known and what is not told are answered alike; what
//! comes in is bounded and never kept. Deliberately absent: documents themselves, which only the
//! corridor hands out.

mod answers;
pub mod check;
pub mod tiles;
pub mod timestamp;

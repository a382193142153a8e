//! The append-only Merkle log: what was once written stays, and anyone can check it.
//!
//! Answers: at which position was this entry written, and how is that proved? In: entries. Out:
//! positions, tiles, signed checkpoints, proofs (RFC 6962 and RFC 9162 trees, C2SP `tlog-tiles`,
//! `signed-note`, `tlog-checkpoint`, `tlog-proof`). Invariants: an acknowledged entry is never
//! lost; no two signed checkpoints of one log contradict each other; what is in doubt stops the
//! process instead of being written; [`Tlog::open`] never creates. Deliberately absent: what an
//! entry says, and who may read it.

pub mod audit;
pub mod checkpoint;
pub mod hash;
pub mod note;
pub mod proof;
pub mod sequencer;
pub mod storage;
pub mod tile;

pub use audit::audit;
pub use checkpoint::{Checkpoint, Origin, TreeHead};
pub use hash::Hash;
pub use note::{NoteName, NoteSigner, Verifier};
pub use sequencer::{EntryBundles, Fatal, Leaf, Options, Position, Stores, Tlog, TlogError};

//! Make the document provable.
//!
//! In: a plain PDF and an `IssuePermit`. Out: the same document with a seal in it (signature of the
//! issuing body, time-stamp, place in the log), found again by its code; verdicts on files.
//! Invariants: nothing is sealed or revoked without its permit; what is handed out is in the log
//! and in the archive; one issuer's number has one seal. Deliberately absent: who may issue what,
//! how a page looks, where things are stored.

pub mod index;
pub mod leaf;

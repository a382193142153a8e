//! The house in one process.

mod policy;

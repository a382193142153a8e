//! The house in one process.

mod limits;
mod register;

//! The house in one process.

mod config;
mod limits;
mod register;

//! The house in one process.

mod pages;

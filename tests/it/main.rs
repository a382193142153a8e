//! The house in one process.

mod framing;
mod headers;
mod paths;

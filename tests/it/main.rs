//! The house in one process.

mod framing;
mod fuzz;
mod headers;
mod paths;
mod server;

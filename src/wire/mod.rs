//! The pieces of HTTP, and of certificates, that two rooms or more need.
//!
//! Answers: what came in, what goes out, in which parts? In: bytes and `http` types. Out: values
//! that were parsed once. Invariants: a target, a cookie, a header is read in one place; nothing
//! here says who someone is or what they may. Deliberately absent: connections and sockets.

pub mod answer;
pub mod arrival;
pub mod asn1;
pub mod body;
pub mod cookie;
pub mod grpc;
pub mod headers;
pub mod host;
pub mod pages;
pub mod path;
pub mod tasks;
pub mod tunnel;

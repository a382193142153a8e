//! The demo's own HTTP: a small server for its parts, a small client for its walk.
//!
//! Answers: how do the programs around the gateway speak, without sharing its code? In: sites that
//! answer, requests to send. Out: answers. Invariants: bodies, connections and waits are bounded;
//! the client follows nothing and believes no certificate but those of the given authority.
//! Deliberately absent: HTTP/2, caching, redirects (the walk follows them itself, visibly).

mod answers;
mod client;
mod server;
mod vacant;

pub(super) use answers::{json, page, redirect, text};
pub use client::{Ask, Client, HttpError, Reply};
pub use server::{Asked, Site, bind, serve};
pub use vacant::Vacant;

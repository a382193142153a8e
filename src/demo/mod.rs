//! The demo: a portal to try, with a sign-in server and e-services of its own around it.
//!
//! Answers: what does all this do? In: where to listen, where to keep data. Out: a running gateway
//! with processes around it, and a few lines that say what to try; or the walk, which tries it all
//! as clients would. Invariants: the parts around the gateway are processes of their own and speak
//! to it only by HTTP; the walk speaks only to listeners. Deliberately absent: any answer of the
//! gateway's: the demo never reaches into it.

mod error;
mod folder;
mod http;
mod jws;
mod part;
mod people;
mod services;
mod sign_in;

pub use error::DemoError;
pub use folder::Folder;
pub use http::{Ask, Asked, Client, HttpError, Reply, Site, bind, serve};
pub use jws::{PublicKey, SigningKey, TokenError, verify};
pub use part::{Part, PartOptions, Ready, run_part};
pub use people::{ACCOUNTS, CASES, PERSONS, SYSTEMS};
pub use services::{Assertions, BodySystem, CivilRegistry, PensionFund, Unvouched};
pub use sign_in::Provider;

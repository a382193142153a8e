//! The demo: a portal to try, with a sign-in server and e-services of its own around it.
//!
//! Answers: what does all this do? In: where to listen, where to keep data. Out: a running gateway
//! with processes around it, and a few lines that say what to try; or the walk, which tries it all
//! as clients would. Invariants: the parts around the gateway are processes of their own and speak
//! to it only by HTTP; the walk speaks only to listeners. Deliberately absent: any answer of the
//! gateway's: the demo never reaches into it.

mod children;
mod error;
mod folder;
mod http;
mod jws;
mod part;
mod people;
mod report;
mod services;
mod settings;
mod sign_in;
mod walk;

pub use children::{Children, Surroundings};
pub use error::DemoError;
pub use folder::Folder;
pub use http::{Ask, Asked, Client, HttpError, Reply, Site, bind, serve};
pub use jws::{PublicKey, SigningKey, TokenError, verify};
pub use part::{Part, PartOptions, Ready, run_part};
pub use report::{Places, print_json, print_lines};
pub use services::{Assertions, BodySystem, CivilRegistry, PensionFund, Unvouched};
pub use settings::{DATA_DIR, Run, write_config};
pub use sign_in::Provider;
pub use walk::{Scene, walk};

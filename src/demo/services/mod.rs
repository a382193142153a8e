//! The demo's e-services: what stands behind the gateway.
//!
//! Answers: what do the civil registry, the pension fund and the pension fund's own case system
//! say? In: requests. Out: pages and JSON with far more in it than most may see. Invariants: the
//! two e-services answer nothing without a right assertion of the gateway for themselves; the case
//! system answers nothing without its shared secret. Deliberately absent: any idea of who may see
//! what: that is the gateway's.

mod assertion;
mod body;
mod certificate;
mod civil;
mod handbook;
mod pension;

pub use assertion::{Assertions, Unvouched};
pub use body::BodySystem;
pub use civil::CivilRegistry;
pub use pension::PensionFund;

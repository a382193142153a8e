//! RFC 3161: what a requester asks, what an authority answers, what the token says.
//!
//! The authority's order: [`TimeStampRequest::parse`], a [`Grant`] for it, the signature over
//! [`UnsignedToken::to_sign`], [`UnsignedToken::complete`], [`TimeStampReply::granted`]; any
//! [`Failure`] goes out as [`TimeStampReply::rejected`]. The requester's: the request's DER, then
//! [`TimeStampReply::parse`], then [`TimeStampToken::verify`].

mod info;
mod reply;
mod request;
mod token;

pub use info::{SerialNumber, TimeStamp};
pub use reply::{Failure, TimeStampReply};
pub use request::TimeStampRequest;
pub use token::{Grant, TimeStampToken, UnsignedToken};

//! The server on real sockets: raw bytes in, what the doors saw and what came back out.

mod admin;
pub(crate) mod authority;
mod client;
mod clients;
mod floods;
mod frames;
mod hosts;
mod http1;
mod http2;
mod lifetime;
mod overload;
mod rig;
mod staples;
mod tls;

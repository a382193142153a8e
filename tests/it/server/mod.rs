//! The server on real sockets: raw bytes in, what the doors saw and what came back out.

mod admin;
mod client;
mod frames;
mod http1;
mod http2;
mod lifetime;
mod rig;
mod tls;

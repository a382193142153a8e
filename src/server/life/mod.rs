//! Beginning, ending and going on in another process.
//!
//! Answers: who must be told how this process is ([`notify`]), and how do its listeners pass to the
//! next one ([`handover`])? Invariants: a listening socket is never closed on the way, so that what
//! connects meanwhile waits in its queue; the stores have one owner at a time.

pub mod handover;
pub mod notify;
pub mod sockets;

//! What the service manager left in the environment; nothing else of it is read.

use std::env;
use std::ffi::OsString;
use std::io;
use std::net::TcpListener;

use listenfd::ListenFd;

/// Listening sockets and the address of who wants to be told.
#[derive(Debug, Default)]
pub struct Environment {
    /// `NOTIFY_SOCKET`.
    pub notify_socket: Option<OsString>,
    /// `LISTEN_FDS`: the public listener, then the admin listener.
    pub sockets: Vec<TcpListener>,
}

impl Environment {
    /// Reads it. Sockets can be taken once.
    ///
    /// # Errors
    /// When a socket that was passed is none that TCP listens on.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    pub fn read() -> io::Result<Self> {
        let mut passed = ListenFd::from_env();
        let mut sockets = Vec::new();
        for place in 0..passed.len() {
            sockets.extend(passed.take_tcp_listener(place)?);
        }
        Ok(Self {
            notify_socket: env::var_os("NOTIFY_SOCKET"),
            sockets,
        })
    }
}

//! Telling the service manager how the process is (`sd_notify(3)`): one datagram a change.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;

/// Whom to tell; nobody, where nobody asked.
#[derive(Debug, Clone, Default)]
pub struct Notifier(Option<Arc<UnixDatagram>>);

impl Notifier {
    /// The socket that `NOTIFY_SOCKET` names: a path, or `@` and an abstract name.
    pub fn at(socket: &OsStr) -> io::Result<Self> {
        let datagrams = UnixDatagram::unbound()?;
        let address = match socket.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(socket)?,
        };
        datagrams.connect_addr(&address)?;
        // Who does not read must not stop us.
        datagrams.set_nonblocking(true)?;
        Ok(Self(Some(Arc::new(datagrams))))
    }

    /// It takes requests, with what was read last.
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// It reads its files anew; [`Notifier::ready`] follows, whatever comes of it.
    pub fn reloading(&self) {
        self.tell("RELOADING=1");
    }

    /// It takes no more requests.
    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// Another process goes on in its place, and says itself when it is ready.
    pub fn succeeded_by(&self, process: u32) {
        self.tell(&format!("MAINPID={process}"));
    }

    fn tell(&self, state: &str) {
        if let Some(socket) = &self.0
            && let Err(cause) = socket.send(state.as_bytes())
        {
            tracing::warn!(target: "muhrdor::serve", %cause, "the service manager was not told");
        }
    }
}

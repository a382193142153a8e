//! Addresses that are kept for whoever is to listen there.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// An address where nobody listens, and which nobody gets who asks for just any.
///
/// Its socket is bound and does not listen. So the system gives the port to no other socket, for
/// listening or for connecting; who connects is refused; and a listener that reuses addresses, as
/// `std` and `tokio` make them, is bound to it beside this one, again and again.
pub struct Vacant {
    address: SocketAddr,
    _socket: TcpSocket,
}

impl Vacant {
    /// Takes this address, or with port 0 one that is free.
    ///
    /// # Errors
    /// When somebody listens there, or no port is free.
    pub fn take(wanted: SocketAddr) -> io::Result<Self> {
        let socket = if wanted.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        socket.bind(wanted)?;
        Ok(Self {
            address: socket.local_addr()?,
            _socket: socket,
        })
    }

    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl fmt::Debug for Vacant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vacant({})", self.address)
    }
}

//! The listening sockets: bound here, or handed to the process.

use std::io;
use std::net::{SocketAddr, TcpListener};

use tokio::net;

use crate::server::ServerError;
use crate::server::listener;

/// The sockets that outlive a process.
#[derive(Debug)]
pub struct Sockets {
    pub public: TcpListener,
    pub admin: TcpListener,
}

impl Sockets {
    /// Those that were handed over, in the order public, admin; the rest is bound.
    pub async fn of(
        handed: Vec<TcpListener>,
        public: SocketAddr,
        admin: SocketAddr,
    ) -> Result<Self, ServerError> {
        let mut handed = handed.into_iter();
        let admin_address = admin;
        let public = one(handed.next(), public).await?;
        let admin = one(handed.next(), admin_address).await?;
        Ok(Self { public, admin })
    }

    /// The same sockets, held twice.
    pub fn again(&self) -> io::Result<Self> {
        Ok(Self {
            public: self.public.try_clone()?,
            admin: self.admin.try_clone()?,
        })
    }

    /// For accepting.
    pub fn listening(self) -> io::Result<(net::TcpListener, net::TcpListener)> {
        let listening = |socket: TcpListener| {
            socket.set_nonblocking(true)?;
            net::TcpListener::from_std(socket)
        };
        Ok((listening(self.public)?, listening(self.admin)?))
    }
}

async fn one(handed: Option<TcpListener>, address: SocketAddr) -> Result<TcpListener, ServerError> {
    match handed {
        Some(socket) => Ok(socket),
        None => listener::bind(address)
            .await?
            .into_std()
            .map_err(|source| ServerError::Listen { address, source }),
    }
}

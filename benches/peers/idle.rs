//! Memory: a process at rest, and with many connections at rest.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use rustls::ClientConfig;

use crate::client::Line;
use crate::peers::{Peer, resident};

/// Connections that are open and have been answered once.
const CONNECTIONS: usize = 10_000;
/// Connections from one address: a gateway lets in only so many.
const FROM_ONE_ADDRESS: usize = 200;

/// Bytes at rest, and bytes more for each connection.
pub(crate) fn memory(peer: &Peer, tls: &Arc<ClientConfig>, request: &[u8]) -> (u64, f64) {
    let before = resident(peer.id());
    let SocketAddr::V4(to) = peer.address else {
        panic!("the peers listen on IPv4");
    };
    let lines: Vec<Line> = (0..CONNECTIONS - 100)
        .map(|at| {
            let from = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 1, 1)) + block(at));
            let mut line = Line::over(from_address(from, to), tls).unwrap();
            line.ask(request);
            line.rest();
            line
        })
        .collect();
    let after = resident(peer.id());
    let connections = f64::from(u32::try_from(lines.len()).unwrap());
    let more = u32::try_from(after.saturating_sub(before) / 1024).unwrap();
    (before, f64::from(more) / connections)
}

fn block(at: usize) -> u32 {
    u32::try_from(at / FROM_ONE_ADDRESS).unwrap()
}

fn from_address(from: Ipv4Addr, to: SocketAddrV4) -> TcpStream {
    let socket: OwnedFd = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddrV4::new(from, 0)).unwrap();
    connect(&socket, &to).unwrap();
    TcpStream::from(socket)
}

//! What goes wrong around the gateway: each has a clear answer, and nothing is lost.

pub(crate) mod asked;
mod neighbours;
pub(crate) mod puppet;
pub(crate) mod upstreams;

use std::net::SocketAddr;

use muhrdor::app::journal_reader;
use muhrdor::demo::Reply;
use muhrdor::domain::entry::{Stage, VisitId};
use tokio::net::TcpSocket;

use super::{AZIZA, House, TestGrounds, told, unhurried, with_upstream};

/// An address that nobody else gets and where nobody listens, until someone does on purpose.
struct Vacant {
    address: SocketAddr,
    /// Bound and not listening: connections are refused.
    _socket: TcpSocket,
}

impl Vacant {
    fn take() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self {
            address: socket.local_addr().unwrap(),
            _socket: socket,
        }
    }
}

/// What the journal has of the request behind a reply, in order.
pub(crate) fn recorded(grounds: &TestGrounds, reply: &Reply) -> Vec<Stage> {
    let config = grounds.grounds.config().unwrap();
    let visit = VisitId::parse(reply.header("muhrdor-request-id").unwrap()).unwrap();
    let found = journal_reader(&config).unwrap().of_visit(visit).unwrap();
    found.into_iter().map(|found| found.entry.stage).collect()
}

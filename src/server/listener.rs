//! Accepting connections: so many in all, so many from one address block, each in a task we own.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::domain::peer::{AddressBlock, Channel, Peer};

use super::connection::{Connections, Handshake};
use super::drain::{Drained, Stage};
use super::tls::Tls;
use super::{ServerError, Turnstile};

/// Where a listener listens and whom it lets in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub address: SocketAddr,
    pub channel: Channel,
    #[serde(default)]
    pub limits: Limits,
}

/// How many may be connected and how long they may take to say hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub connections_max: usize,
    pub connections_per_block_max: usize,
    pub handshake_ms_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            connections_per_block_max: 256,
            handshake_ms_max: 10_000,
        }
    }
}

/// A bound public listener.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    channel: Channel,
    limits: Limits,
}

/// Binds an address; says plainly when another program has it.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => ServerError::AddressInUse { address },
            _ => ServerError::Listen { address, source },
        })
}

impl Listener {
    /// Binds the address; nothing is accepted yet.
    pub async fn bind(settings: &Settings) -> Result<Self, ServerError> {
        let socket = bind(settings.address).await?;
        Ok(Self {
            socket,
            channel: settings.channel,
            limits: settings.limits,
        })
    }

    /// A listener on a socket that was handed to the process.
    #[must_use]
    pub fn adopt(socket: TcpListener, settings: &Settings) -> Self {
        Self {
            socket,
            channel: settings.channel,
            limits: settings.limits,
        }
    }

    /// The address that was bound: the port, when 0 was asked for.
    pub fn address(&self) -> Result<SocketAddr, ServerError> {
        let address = SocketAddr::new(IpAddr::from([0, 0, 0, 0]), 0);
        self.socket
            .local_addr()
            .map_err(|source| ServerError::Listen { address, source })
    }

    /// Accepts until draining begins, then waits for the connections to end; at
    /// [`Stage::Now`] the rest is cut off. Returns when no connection is left.
    pub async fn run(
        self,
        tls: Arc<Tls>,
        connections: Arc<Connections>,
        turnstile: Arc<dyn Turnstile>,
        mut drained: Drained,
    ) {
        let slots = Slots::new(self.limits);
        let mut tasks = JoinSet::new();
        let mut ending = drained.clone();
        loop {
            let accepted = tokio::select! {
                biased;
                () = drained.reached(Stage::Draining) => break,
                Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
                accepted = self.socket.accept() => accepted,
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(cause) => {
                    // Out of descriptors, mostly: let connections end before the next try.
                    tracing::warn!(%cause, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let peer = Peer {
                address: from.ip().to_canonical(),
                channel: self.channel,
            };
            let Some(slot) = slots.take(peer.address) else {
                turnstile.turned_away(peer, "too_many_connections");
                continue;
            };
            let serving = serve(
                stream,
                peer,
                Arc::clone(&tls),
                Arc::clone(&connections),
                Duration::from_millis(self.limits.handshake_ms_max),
                drained.clone(),
            );
            tasks.spawn(async move {
                serving.await;
                drop(slot);
            });
        }
        drop(self.socket);
        tokio::select! {
            () = async { while tasks.join_next().await.is_some() {} } => {}
            () = ending.reached(Stage::Now) => tasks.shutdown().await,
        }
    }
}

/// How long accepting rests after it failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// One connection from handshake to end.
async fn serve(
    stream: TcpStream,
    peer: Peer,
    tls: Arc<Tls>,
    connections: Arc<Connections>,
    handshake_max: Duration,
    drained: Drained,
) {
    // Small answers must not wait for the client's delayed acknowledgement.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let acceptor = TlsAcceptor::from(tls.config());
    let handshake = tokio::time::timeout(handshake_max, acceptor.accept(stream)).await;
    let Ok(Ok(stream)) = handshake else {
        connections.turnstile().turned_away(peer, "handshake");
        return;
    };
    let handshake = Handshake::of(stream.get_ref().1);
    connections.serve(stream, peer, handshake, drained).await;
}

/// Counts connections, in all and by address block.
#[derive(Debug, Clone)]
struct Slots {
    limits: Limits,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_block: HashMap<AddressBlock, usize>,
}

/// One connection's place; free again when dropped.
#[derive(Debug)]
struct Slot {
    taken: Arc<Mutex<Taken>>,
    block: AddressBlock,
}

impl Slots {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            taken: Arc::default(),
        }
    }

    fn take(&self, address: IpAddr) -> Option<Slot> {
        let block = AddressBlock::of(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let in_block = taken.by_block.get(&block).copied().unwrap_or(0);
        if taken.all >= self.limits.connections_max
            || in_block >= self.limits.connections_per_block_max
        {
            return None;
        }
        taken.all += 1;
        taken.by_block.insert(block, in_block + 1);
        Some(Slot {
            taken: Arc::clone(&self.taken),
            block,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        let left = taken
            .by_block
            .get(&self.block)
            .map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            taken.by_block.remove(&self.block);
        } else {
            taken.by_block.insert(self.block, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_block_cannot_take_every_slot() {
        let limits = Limits {
            connections_max: 3,
            connections_per_block_max: 2,
            handshake_ms_max: 1,
        };
        let slots = Slots::new(limits);
        let first = slots.take("2001:db8::1".parse().unwrap());
        let second = slots.take("2001:db8::2".parse().unwrap());
        assert!(first.is_some() && second.is_some());
        assert!(
            slots.take("2001:db8::3".parse().unwrap()).is_none(),
            "RL-02, MT-15"
        );
        let other = slots.take("::ffff:192.0.2.1".parse().unwrap());
        assert!(other.is_some(), "PA-19");
        assert!(slots.take("192.0.2.9".parse().unwrap()).is_none(), "full");
        drop(first);
        assert!(slots.take("2001:db8::4".parse().unwrap()).is_some());
        drop((second, other));
        assert!(slots.taken.lock().unwrap().by_block.is_empty());
    }
}

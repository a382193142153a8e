//! Accepting connections: so many in all, so many from one address block, each in a task we own.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::domain::peer::{AddressBlock, Channel, Peer};
use crate::telemetry::meters;

use super::client::Proxies;
use super::client::proxy::{self, Announced};
use super::connection::Connections;
use super::drain::{Drained, Stage};
use super::tls::{Failure, Met, Tls, meet};
use super::{ServerError, Turnstile};

/// Where a listener listens, whom it lets in, and whom it believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub address: SocketAddr,
    pub channel: Channel,
    pub limits: Limits,
    pub proxies: Arc<Proxies>,
}

/// How many may be connected and how long they may take to say hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub connections_max: usize,
    /// Of one client's address block; what a trusted proxy has in all is its own affair.
    pub connections_per_block_max: usize,
    /// Under way at once; and of these of one client's address block.
    pub handshakes_max: usize,
    pub handshakes_per_block_max: usize,
    pub handshake_ms_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            connections_per_block_max: 256,
            handshakes_max: 1_000,
            handshakes_per_block_max: 64,
            handshake_ms_max: 10_000,
        }
    }
}

/// A bound public listener.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    settings: Settings,
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
        Ok(Self::adopt(socket, settings))
    }

    /// A listener on a socket that was handed to the process.
    #[must_use]
    pub fn adopt(socket: TcpListener, settings: &Settings) -> Self {
        Self {
            socket,
            settings: settings.clone(),
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
        let limits = self.settings.limits;
        let slots = Slots::new(limits.connections_max, limits.connections_per_block_max);
        let arrivals = Arc::new(Arrivals {
            tls,
            connections,
            turnstile,
            proxies: self.settings.proxies,
            handshakes: Slots::new(limits.handshakes_max, limits.handshakes_per_block_max),
            handshake_max: Duration::from_millis(limits.handshake_ms_max),
        });
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
                channel: self.settings.channel,
            };
            match slots.take() {
                Some(slot) if arrivals.admits(&slot, peer.address) => {
                    tasks.spawn(Arc::clone(&arrivals).serve(stream, peer, slot, drained.clone()));
                }
                Some(_) | None => arrivals.turnstile.turned_away(peer, "too_many_connections"),
            }
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

/// What becomes of accepted connections.
struct Arrivals {
    tls: Arc<Tls>,
    connections: Arc<Connections>,
    turnstile: Arc<dyn Turnstile>,
    proxies: Arc<Proxies>,
    handshakes: Slots,
    handshake_max: Duration,
}

impl Arrivals {
    /// Whether this client's block has a place left; a trusted proxy has all that there are.
    fn admits(&self, slot: &Slot, address: IpAddr) -> bool {
        self.proxies.trust(address) || slot.count_to(address)
    }

    /// One connection from its first byte to its end.
    async fn serve(self: Arc<Self>, stream: TcpStream, peer: Peer, slot: Slot, drained: Drained) {
        // Small answers must not wait for the client's delayed acknowledgement.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        // In a box: a handshake takes more than a connection keeps for its life.
        let meeting = Box::pin(self.meet(stream, peer, &slot));
        let met = tokio::time::timeout(self.handshake_max, meeting);
        match met.await {
            Ok(Ok((Met { stream, handshake }, peer))) => {
                let connections = Arc::clone(&self.connections);
                drop(self);
                connections.serve(stream, peer, handshake, drained).await;
            }
            Ok(Err(code)) => self.turnstile.turned_away(peer, code),
            Err(_) => {
                meters::tls_failed("timeout");
                self.turnstile.turned_away(peer, "handshake");
            }
        }
    }

    /// Learns whose connection it is, and shakes hands.
    async fn meet(
        &self,
        mut stream: TcpStream,
        mut peer: Peer,
        slot: &Slot,
    ) -> Result<(Met<TcpStream>, Peer), &'static str> {
        if self.proxies.announce(peer.address) {
            let announced = proxy::receive(&mut stream).await;
            if let Announced::Client(address) = announced.map_err(|_| "proxy_header")? {
                peer.address = address;
                if !self.admits(slot, address) {
                    return Err("too_many_connections");
                }
            }
        }
        let busy = "too_many_handshakes";
        let place = self.handshakes.take().ok_or(busy)?;
        if !self.admits(&place, peer.address) {
            return Err(busy);
        }
        let met = meet(stream, &self.tls).await.map_err(|failure| {
            meters::tls_failed(failure.code());
            match failure {
                Failure::UnknownHost => "unknown_host",
                Failure::Alert
                | Failure::Incompatible
                | Failure::ClientCertificate
                | Failure::Malformed
                | Failure::Broken => "handshake",
            }
        })?;
        Ok((met, peer))
    }
}

/// Counts what is under way, in all and by address block.
#[derive(Debug, Clone)]
struct Slots {
    all_max: usize,
    per_block_max: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_block: HashMap<AddressBlock, usize>,
}

/// One place; free again when dropped.
#[derive(Debug)]
struct Slot {
    per_block_max: usize,
    taken: Arc<Mutex<Taken>>,
    block: OnceLock<AddressBlock>,
}

impl Slots {
    fn new(all_max: usize, per_block_max: usize) -> Self {
        Self {
            all_max,
            per_block_max,
            taken: Arc::default(),
        }
    }

    /// A place that counts to nobody's block yet.
    fn take(&self) -> Option<Slot> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.all_max {
            return None;
        }
        taken.all += 1;
        Some(Slot {
            per_block_max: self.per_block_max,
            taken: Arc::clone(&self.taken),
            block: OnceLock::new(),
        })
    }
}

impl Slot {
    /// Counts it to an address's block, once; whether that had a place left.
    fn count_to(&self, address: IpAddr) -> bool {
        let block = AddressBlock::of(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let in_block = taken.by_block.entry(block).or_default();
        if *in_block >= self.per_block_max || self.block.set(block).is_err() {
            return false;
        }
        *in_block += 1;
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        let Some(block) = self.block.get() else {
            return;
        };
        let left = taken
            .by_block
            .get(block)
            .map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            taken.by_block.remove(block);
        } else {
            taken.by_block.insert(*block, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_block_cannot_take_every_slot() {
        let slots = Slots::new(3, 2);
        let take = |address: &str| {
            let slot = slots.take()?;
            slot.count_to(address.parse().unwrap()).then_some(slot)
        };
        let first = take("2001:db8::1");
        let second = take("2001:db8::2");
        assert!(first.is_some() && second.is_some());
        assert!(take("2001:db8::3").is_none(), "RL-02, MT-15");
        let other = take("::ffff:192.0.2.1");
        assert!(other.is_some(), "PA-19");
        assert!(take("192.0.2.9").is_none(), "full");
        drop(first);
        assert!(take("2001:db8::4").is_some());
        drop((second, other));
        let taken = slots.taken.lock().unwrap();
        assert!(taken.by_block.is_empty() && taken.all == 0);
    }
}

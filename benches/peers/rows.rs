//! Requests and handshakes: processor time of the measured process for each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use crate::client::Line;
use crate::cpu::cpu_seconds;
use crate::peers::Peer;

/// Connections that ask at the same time.
pub(crate) const LINES: usize = 8;
/// How long one row is measured, for each peer.
const ROW: Duration = Duration::from_secs(4);
const WARM_UP: usize = 100;

/// What one row found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) cpu_us: f64,
    pub(crate) a_second: f64,
}

/// Asks the same over kept-alive connections.
pub(crate) fn requests(peer: &Peer, tls: &Arc<ClientConfig>, request: &[u8]) -> Found {
    let mut lines: Vec<_> = (0..LINES).map(|_| Line::to(peer.address, tls)).collect();
    for line in &mut lines {
        (0..WARM_UP).for_each(|_| {
            line.ask(request);
        });
    }
    measured(peer, lines, |line| {
        line.ask(request);
    })
}

/// Full handshakes, one after the other on each of several threads.
pub(crate) fn handshakes(peer: &Peer, tls: &Arc<ClientConfig>) -> Option<Found> {
    let address: SocketAddr = peer.address;
    let connect = move || Line::over(std::net::TcpStream::connect(address).unwrap(), tls);
    connect().ok()?;
    Some(measured(peer, vec![(); LINES], |()| {
        connect().unwrap();
    }))
}

/// Does something on a thread for each of `states` for as long as a row takes.
pub(crate) fn measured<S: Send>(peer: &Peer, states: Vec<S>, act: impl Fn(&mut S) + Sync) -> Found {
    let is_over = AtomicBool::new(false);
    let (before, began) = (cpu_seconds(peer.id()), Instant::now());
    let done: usize = thread::scope(|scope| {
        let act = &act;
        let is_over = &is_over;
        let threads: Vec<_> = states
            .into_iter()
            .map(|mut state| {
                scope.spawn(move || {
                    let mut done = 0_usize;
                    while !is_over.load(Ordering::Relaxed) {
                        act(&mut state);
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        thread::sleep(ROW);
        is_over.store(true, Ordering::Relaxed);
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    let (cpu, took) = (cpu_seconds(peer.id()) - before, began.elapsed());
    found(done, cpu, took)
}

pub(crate) fn found(done: usize, cpu_seconds: f64, took: Duration) -> Found {
    let done = f64::from(u32::try_from(done).unwrap());
    Found {
        cpu_us: cpu_seconds / done * 1e6,
        a_second: done / took.as_secs_f64(),
    }
}

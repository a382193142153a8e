//! The parts around the gateway: that the demo's sign-in server and e-services refuse what they
//! must, so that what gets through the gateway proves something.

mod services;
mod sign_in;

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use muhrdor::clock::{Clock, Monotonic};
use muhrdor::demo::{Folder, Site, bind, serve};
use muhrdor::domain::time::Timestamp;
use ring::rand::SystemRandom;
use tokio::task::JoinSet;

/// A clock that a test sets by hand.
#[derive(Debug)]
struct HandClock(AtomicI64);

impl HandClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_800_000_000_000)))
    }

    fn set(&self, now: Timestamp) {
        self.0.store(now.unix_ms(), Ordering::SeqCst);
    }

    fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_nanos(self.0.load(Ordering::SeqCst).unsigned_abs() * 1_000_000)
    }
}

/// A data folder with the secrets of every client.
fn folder(at: &Path) -> Folder {
    let folder = Folder::new(at.to_owned());
    folder.make().unwrap();
    folder.make_secrets(&SystemRandom::new()).unwrap();
    folder
}

/// Serves what `make` makes for the address, until the set is dropped.
async fn open<S: Site>(make: impl FnOnce(String) -> S) -> (String, JoinSet<()>) {
    let (listener, address) = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let origin = format!("http://{address}");
    let site = Arc::new(make(origin.clone()));
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(listener, site, pending::<()>()));
    (origin, tasks)
}

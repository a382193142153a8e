//! Sessions: who is behind a cookie, on one node and on several, and what a thief finds.

mod browser;
mod nodes;
mod stolen;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::HeaderValue;
use muhrdor::clock::HandClock;
use muhrdor::domain::name::{AgencyId, CaseNumber, OfficialId, PurposeId, RealmId};
use muhrdor::domain::person::{Person, Pinfl};
use muhrdor::domain::principal::{
    AcrRank, Assurance, DisplayName, OfficialPrincipal, PersonPrincipal, Principal,
};
use muhrdor::domain::purpose::Claim;
use muhrdor::domain::time::Timestamp;
use muhrdor::identity::session::{
    Changed, Handle, RowKey, SESSION_COOKIE, SessionBounds, SessionError, SessionRow,
    SessionSettings, SessionStore, SessionStoreError, Sessions,
};
use muhrdor::keys::{Pseudonym, Secret, Vault};
use muhrdor::store::embedded::SqliteSessions;
use muhrdor::store::memory::MemorySessions;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use tokio::sync::watch;

const PINFL: &str = "31210932040247";
const IDLE_MS: u32 = 900_000;
const WHOLE_MS: u32 = 3_600_000;
const AGE_MS_MAX: u32 = 5_000;
/// A test that waits longer than this for a poll has lost the task that polls.
const POLL_PATIENCE: Duration = Duration::from_secs(20);

/// A store that counts what it is asked, and can be cut off.
#[derive(Debug)]
struct Watched {
    inner: Arc<dyn SessionStore>,
    cut_off: AtomicBool,
    reads: AtomicUsize,
    uses: AtomicUsize,
    polls: watch::Sender<u64>,
}

impl Watched {
    fn over(inner: Arc<dyn SessionStore>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            cut_off: AtomicBool::new(false),
            reads: AtomicUsize::new(0),
            uses: AtomicUsize::new(0),
            polls: watch::Sender::new(0),
        })
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    fn answers(&self, action: &'static str) -> Result<(), SessionStoreError> {
        if self.cut_off.load(Ordering::SeqCst) {
            let source = Box::new(io::Error::other("cut off"));
            return Err(SessionStoreError { action, source });
        }
        Ok(())
    }

    /// Waits until `polls` more polls have begun and all but the last have been taken in.
    async fn polled(&self, polls: u64) {
        let mut seen = self.polls.subscribe();
        let goal = *seen.borrow() + polls + 1;
        tokio::time::timeout(POLL_PATIENCE, seen.wait_for(|count| *count >= goal))
            .await
            .expect("the store is polled")
            .unwrap();
    }
}

impl SessionStore for Watched {
    fn insert(&self, row: &SessionRow) -> Result<(), SessionStoreError> {
        self.answers("insert")?;
        self.inner.insert(row)
    }

    fn get(&self, key: &RowKey) -> Result<Option<SessionRow>, SessionStoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.answers("get")?;
        self.inner.get(key)
    }

    fn used(&self, key: &RowKey, idle_until: Timestamp) -> Result<bool, SessionStoreError> {
        self.uses.fetch_add(1, Ordering::SeqCst);
        self.answers("used")?;
        self.inner.used(key, idle_until)
    }

    fn replace(
        &self,
        key: &RowKey,
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<bool, SessionStoreError> {
        self.answers("replace")?;
        self.inner.replace(key, sealed, at)
    }

    fn end(&self, key: &RowKey, at: Timestamp) -> Result<bool, SessionStoreError> {
        self.answers("end")?;
        self.inner.end(key, at)
    }

    fn changed_since(&self, sequence: u64) -> Result<Changed, SessionStoreError> {
        self.polls.send_modify(|count| *count += 1);
        self.answers("changed_since")?;
        self.inner.changed_since(sequence)
    }

    fn sweep(
        &self,
        now: Timestamp,
        kept_since: Timestamp,
        rows_max: u32,
    ) -> Result<(), SessionStoreError> {
        self.answers("sweep")?;
        self.inner.sweep(now, kept_since, rows_max)
    }
}

/// What all nodes of a house have in common.
struct House {
    vault: Arc<Vault>,
    pseudonym: Arc<Pseudonym>,
    clock: HandClock,
}

impl House {
    fn new() -> Self {
        let random = SystemRandom::new();
        Self {
            vault: Arc::new(Vault::new(&Secret::generate(&random).unwrap(), &[])),
            pseudonym: Arc::new(Pseudonym::new(&Secret::generate(&random).unwrap())),
            clock: HandClock::at(Timestamp::from_unix_seconds(1_790_000_000)),
        }
    }

    async fn node(&self, store: Arc<dyn SessionStore>, cached_max: usize) -> Sessions {
        self.node_of(store, cached_max, IDLE_MS / 1000).await
    }

    async fn node_of(
        &self,
        store: Arc<dyn SessionStore>,
        cached_max: usize,
        idle_seconds_max: u32,
    ) -> Sessions {
        let bounds = SessionBounds {
            idle_seconds_max,
            seconds_max: WHOLE_MS / 1000,
        };
        let realms = [realm("applicants"), realm("officials")];
        let settings = SessionSettings {
            realms: HashMap::from(realms.map(|realm| (realm, bounds))),
            cached_max,
            revocation_poll_ms: 1,
            revocation_age_ms_max: AGE_MS_MAX,
        };
        Sessions::open(
            store,
            settings,
            Arc::clone(&self.vault),
            Arc::clone(&self.pseudonym),
            Arc::new(SystemRandom::new()),
            Arc::new(self.clock.clone()),
        )
        .await
        .unwrap()
    }

    fn person(&self) -> Person {
        let pinfl = Pinfl::parse(PINFL).unwrap();
        Person {
            id: self.pseudonym.person(&pinfl),
            pinfl,
        }
    }

    fn applicant(&self) -> Principal {
        Principal::Person(Arc::new(PersonPrincipal {
            person: self.person(),
            realm: realm("applicants"),
            name: DisplayName("Nodira Karimova".to_owned()),
            assurance: assurance(),
        }))
    }

    /// Signs an applicant in.
    async fn signed_in(&self, node: &Sessions) -> Handle {
        let begun = begin(node, self.applicant(), "applicants", None);
        handle(&begun.await.unwrap())
    }
}

/// Begins a session in the realm of this name.
async fn begin(
    node: &Sessions,
    principal: Principal,
    name: &str,
    replaces: Option<&Handle>,
) -> Result<HeaderValue, SessionError> {
    node.begin(&principal, &realm(name), replaces).await
}

fn official(person: Option<Person>) -> Principal {
    Principal::Official(Arc::new(OfficialPrincipal {
        official: OfficialId::parse("O-4411").unwrap(),
        agency: AgencyId::parse("pension-fund").unwrap(),
        realm: realm("officials"),
        name: DisplayName("Dilnoza Yusupova".to_owned()),
        person,
        position: "chief inspector".to_owned(),
        assurance: assurance(),
    }))
}

fn assurance() -> Assurance {
    Assurance {
        rank: AcrRank::new(2).unwrap(),
        authenticated_at: Timestamp::from_unix_seconds(1_789_999_990),
    }
}

fn realm(name: &str) -> RealmId {
    RealmId::parse(name).unwrap()
}

fn claim() -> Claim {
    Claim {
        purpose: Some(PurposeId::parse("pension.assess").unwrap()),
        case: Some(CaseNumber::parse("P-2026-118").unwrap()),
    }
}

/// The cookie's value in a `Set-Cookie` of a session.
fn value(set_cookie: &HeaderValue) -> String {
    let text = set_cookie.to_str().unwrap();
    let pair = text.split(';').next().unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    assert_eq!(name, SESSION_COOKIE);
    value.to_owned()
}

fn handle(set_cookie: &HeaderValue) -> Handle {
    Handle::parse(&value(set_cookie)).unwrap()
}

/// Where a store keeps the session of a cookie's value.
fn row_key(handle_bytes: &[u8]) -> RowKey {
    RowKey(digest(&SHA256, handle_bytes).as_ref().try_into().unwrap())
}

fn in_memory() -> Arc<dyn SessionStore> {
    Arc::new(MemorySessions::default())
}

fn created(path: &Path) -> Arc<dyn SessionStore> {
    Arc::new(SqliteSessions::create(path).unwrap())
}

fn opened(path: &Path) -> Arc<dyn SessionStore> {
    Arc::new(SqliteSessions::open(path).unwrap())
}

//! Sessions: who signed in, for a while.
//!
//! Answers: who is behind this cookie? In: a [`Handle`] that only one browser has. Out: a
//! [`Session`], or nobody. Invariants: a handle is 256 random bits and new at each sign-in; a store
//! knows a session by the handle's digest and cannot open what it keeps without the handle itself
//! and a key of this house; what has ended anywhere is believed nowhere after
//! `revocation_age_ms_max`. Deliberately absent: tokens of providers, which nobody needs again.

mod handle;
mod memory;
mod parts;
mod record;
mod store;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderValue;
use ring::rand::SecureRandom;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::domain::name::RealmId;
use crate::domain::principal::Principal;
use crate::domain::purpose::Claim;
use crate::domain::reason::Reason;
use crate::domain::time::Timestamp;
use crate::keys::{KeyError, Pseudonym, Vault};
use crate::wire::cookie;

pub use handle::Handle;
pub use store::{Changed, RowKey, SessionRow, SessionStore, SessionStoreError};

use memory::{Known, Memory};
use parts::{Parts, watch_changes};

pub(in crate::identity) use parts::Look;

/// The cookie of a session.
pub const SESSION_COOKIE: &str = "__Host-muhrdor";

/// How often at most a session's use is written down, in milliseconds.
const SEEN_MS_MIN: i64 = 60_000;
/// Written down often enough all the same that no other node takes a short idle time for over.
const SEEN_PARTS_OF_IDLE: i64 = 4;

/// How long a realm's sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionBounds {
    /// Without being used.
    pub idle_seconds_max: u32,
    /// From sign-in on, however it is used.
    pub seconds_max: u32,
}

/// What the room is told once.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    pub realms: HashMap<RealmId, SessionBounds>,
    /// Sessions remembered as opened.
    pub cached_max: usize,
    /// How often ended sessions are looked for.
    pub revocation_poll_ms: u32,
    /// How old that look may be for a remembered session to be believed.
    pub revocation_age_ms_max: u32,
}

/// Who signed in.
#[derive(Debug, Clone)]
pub struct Session {
    principal: Principal,
    realm: RealmId,
    began: Timestamp,
    claim: Claim,
}

/// Why nobody can say who is behind a cookie.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error(transparent)]
    Store(#[from] SessionStoreError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the cookie of the session cannot be set")]
    Cookie(#[from] cookie::CookieError),
    #[error("a stored session does not read")]
    Unreadable,
    #[error("`{0}` is no realm whose sessions are kept")]
    Realm(RealmId),
    #[error("a session is a person's: {0} has none")]
    NotPersonal(&'static str),
    #[error("the work was cut off")]
    CutOff,
}

impl SessionError {
    /// What is told and counted.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Store(_) | Self::Unreadable | Self::CutOff | Self::Key(_) => {
                Reason::SessionsUnavailable
            }
            Self::Cookie(_) | Self::Realm(_) | Self::NotPersonal(_) => Reason::Internal,
        }
    }
}

impl Session {
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    #[must_use]
    pub const fn realm(&self) -> &RealmId {
        &self.realm
    }

    /// When they signed in.
    #[must_use]
    pub const fn began(&self) -> Timestamp {
        self.began
    }

    /// The purpose and case they work on; may be empty.
    #[must_use]
    pub const fn claim(&self) -> &Claim {
        &self.claim
    }
}

/// The room.
pub struct Sessions {
    parts: Arc<Parts>,
    stop: watch::Sender<bool>,
    watching: Mutex<Option<JoinHandle<()>>>,
}

impl Sessions {
    /// Opens the sessions of a store, and starts the task that looks for ended ones.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn open(
        store: Arc<dyn SessionStore>,
        settings: SessionSettings,
        vault: Arc<Vault>,
        pseudonym: Arc<Pseudonym>,
        random: Arc<dyn SecureRandom + Send + Sync>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SessionError> {
        let memory = Memory::new(settings.cached_max, settings.revocation_age_ms_max);
        let parts = Arc::new(Parts {
            store,
            settings,
            vault,
            pseudonym,
            random,
            clock,
            memory,
            looks: watch::Sender::default(),
        });
        parts.catch_up().await?;
        let (stop, stopped) = watch::channel(false);
        let watching = tokio::spawn(watch_changes(Arc::clone(&parts), stopped));
        Ok(Self {
            parts,
            stop,
            watching: Mutex::new(Some(watching)),
        })
    }

    /// Begins a session and ends the one it replaces. Gives back the `Set-Cookie` value.
    ///
    /// # Errors
    /// [`SessionError`]; then no session has begun.
    pub async fn begin(
        &self,
        principal: &Principal,
        realm: &RealmId,
        replaces: Option<&Handle>,
    ) -> Result<HeaderValue, SessionError> {
        let parts = &self.parts;
        let bounds = parts.bounds(realm)?;
        let now = parts.clock.now();
        if let Some(before) = replaces {
            self.end(before).await?;
        }
        let handle = Handle::generate(&*parts.random)?;
        let claim = Claim::default();
        let session = Session {
            principal: principal.clone(),
            realm: realm.clone(),
            began: now,
            claim,
        };
        let key = handle.row();
        let row = SessionRow {
            key,
            idle_until: now.plus_ms(i64::from(bounds.idle_seconds_max) * 1000),
            ends: now.plus_ms(i64::from(bounds.seconds_max) * 1000),
            sealed: parts.seal(&handle, &session)?,
        };
        parts.ask(move |store| store.insert(&row)).await?;
        Ok(cookie::set(SESSION_COOKIE, &handle.expose(), None)?)
    }

    /// Who is behind a handle: `None` when it is unknown, ended, too old or idle for too long.
    ///
    /// # Errors
    /// [`SessionError`]: nobody can say.
    pub async fn find(&self, handle: &Handle) -> Result<Option<Session>, SessionError> {
        let parts = &self.parts;
        let (key, now) = (handle.row(), parts.clock.now());
        if let Some(known) = parts.memory.get(&key, now, parts.clock.monotonic()) {
            let idle = parts.idle_until(&known.session.realm, now)?;
            let due = parts.memory.used(&key, idle, seen_ms_min(idle, now));
            if due && !parts.write_use(key, idle).await? {
                return Ok(None);
            }
            return Ok(Some(known.session));
        }
        let before = parts.memory.sequence();
        let Some(row) = parts.ask(move |store| store.get(&key)).await? else {
            return Ok(None);
        };
        if row.idle_until <= now || row.ends <= now {
            return Ok(None);
        }
        let Some(session) = parts.unseal(handle, &row.sealed)? else {
            return Ok(None);
        };
        let idle_until = parts.idle_until(&session.realm, now)?;
        let mut idle_written = row.idle_until;
        if idle_until.ms_since(idle_written) >= seen_ms_min(idle_until, now) {
            if !parts.write_use(key, idle_until).await? {
                return Ok(None);
            }
            idle_written = idle_until;
        }
        let known = Known {
            session: session.clone(),
            idle_until,
            ends: row.ends,
            idle_written,
        };
        parts.memory.keep(key, known, now, before);
        Ok(Some(session))
    }

    /// Ends a session here and, within `revocation_age_ms_max`, everywhere. Whether there was one.
    ///
    /// # Errors
    /// [`SessionError`]: the session goes on.
    pub async fn end(&self, handle: &Handle) -> Result<bool, SessionError> {
        let parts = &self.parts;
        let (key, now) = (handle.row(), parts.clock.now());
        let ended = parts.ask(move |store| store.end(&key, now)).await?;
        parts.memory.forget(&key);
        Ok(ended)
    }

    /// How many sessions are remembered as opened.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.parts.memory.count()
    }

    /// Whether the store has answered within `revocation_age_ms_max`: when not, sessions can be
    /// neither believed nor, most likely, read.
    #[must_use]
    pub fn are_followed(&self) -> bool {
        let parts = &self.parts;
        parts.memory.is_believed(parts.clock.monotonic())
    }

    /// When a session ends as things stand; `None` when it has ended. Asking is no use of it.
    pub(in crate::identity) async fn until(
        &self,
        key: RowKey,
    ) -> Result<Option<Timestamp>, SessionError> {
        let parts = &self.parts;
        if let Some(until) = parts.memory.until(&key, parts.clock.monotonic()) {
            return Ok(Some(until));
        }
        let row = parts.ask(move |store| store.get(&key)).await?;
        Ok(row.map(|row| row.idle_until.min(row.ends)))
    }

    /// What each look for ended sessions finds, from now on.
    pub(in crate::identity) fn looks(&self) -> watch::Receiver<Look> {
        self.parts.looks.subscribe()
    }

    pub(in crate::identity) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// Puts a purpose and a case on the desk, or clears it. Whether there is such a session.
    ///
    /// # Errors
    /// [`SessionError`]: the desk is as it was.
    pub async fn set_claim(&self, handle: &Handle, claim: &Claim) -> Result<bool, SessionError> {
        let Some(mut session) = self.find(handle).await? else {
            return Ok(false);
        };
        let parts = &self.parts;
        session.claim = claim.clone();
        let (key, now) = (handle.row(), parts.clock.now());
        let sealed = parts.seal(handle, &session)?;
        let replaced = parts
            .ask(move |store| store.replace(&key, &sealed, now))
            .await?;
        parts.memory.forget(&key);
        Ok(replaced)
    }

    /// What makes a browser forget its session.
    ///
    /// # Errors
    /// Never, as long as the cookie's name is one.
    pub fn cleared_cookie() -> Result<HeaderValue, SessionError> {
        Ok(cookie::clear(SESSION_COOKIE)?)
    }

    /// Ends the task that looks for ended sessions.
    pub async fn close(&self) {
        // Nobody listens when the task has ended already.
        let _ended = self.stop.send(true);
        let task = self
            .watching
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            // A panic of the task has been told where it happened.
            drop(task.await);
        }
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        let task = self
            .watching
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            task.abort();
        }
    }
}

/// How much an idle end must have moved to be written down again.
fn seen_ms_min(idle_until: Timestamp, now: Timestamp) -> i64 {
    SEEN_MS_MIN.min(idle_until.ms_since(now) / SEEN_PARTS_OF_IDLE)
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("settings", &self.parts.settings)
            .finish_non_exhaustive()
    }
}

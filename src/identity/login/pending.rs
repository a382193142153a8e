//! Sign-ins that have begun: kept by the browser itself, in one encrypted cookie.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use ring::rand::SecureRandom;
use serde::{Deserialize, Serialize};

use crate::domain::name::RealmId;
use crate::domain::time::Timestamp;
use crate::identity::login::LoginError;
use crate::keys::{Bound, KeyError, Vault};
use crate::wire::cookie::{self, Cookies};

/// The cookie. It binds a sign-in to the browser that began it (OR-14: a state alone is worthless).
pub const SIGN_IN_COOKIE: &str = "__Host-muhrdor-signin";
/// Sign-ins of one browser at the same time: tabs.
const PENDING_MAX: usize = 8;
/// The longest cookie value, in bytes; browsers keep 4096 with name and attributes.
const COOKIE_BYTES_MAX: usize = 3_600;
/// How long a sign-in may take.
const PENDING_SECONDS_MAX: u64 = 600;
const BOUND: Bound<'_> = Bound {
    purpose: "sign-in-pending",
    place: b"",
};
/// Bytes of a secret that cannot be guessed.
const SECRET_BYTES: usize = 32;

/// One sign-in that has begun.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Pending {
    #[serde(rename = "s")]
    pub(super) state: String,
    #[serde(rename = "v")]
    pub(super) verifier: String,
    #[serde(rename = "n")]
    pub(super) nonce: String,
    #[serde(rename = "r")]
    pub(super) realm: RealmId,
    /// Judged anew when it is used.
    #[serde(rename = "w")]
    pub(super) way_back: String,
    #[serde(rename = "t")]
    pub(super) begun_at: Timestamp,
}

/// All of a browser's, the oldest first.
#[derive(Default)]
pub(super) struct AllPending(Vec<Pending>);

impl Pending {
    pub(super) fn begin(
        realm: RealmId,
        way_back: &str,
        now: Timestamp,
        random: &dyn SecureRandom,
    ) -> Result<Self, KeyError> {
        Ok(Self {
            state: secret(random)?,
            verifier: secret(random)?,
            nonce: secret(random)?,
            realm,
            way_back: way_back.to_owned(),
            begun_at: now,
        })
    }

    fn lives(&self, now: Timestamp) -> bool {
        let age_ms = u64::try_from(now.ms_since(self.begun_at));
        age_ms.is_ok_and(|age_ms| age_ms < PENDING_SECONDS_MAX * 1000)
    }
}

impl AllPending {
    /// Those of the cookie that have not expired; a cookie that does not open holds none.
    pub(super) fn read(cookies: &Cookies, vault: &Vault, now: Timestamp) -> Self {
        let value = cookies.one(SIGN_IN_COOKIE).ok().flatten();
        let pending = value.and_then(|value| open(value, vault));
        let mut pending = pending.unwrap_or_default();
        pending.retain(|one| one.lives(now));
        Self(pending)
    }

    /// Adds one; the oldest give way.
    pub(super) fn add(&mut self, pending: Pending) {
        self.0.push(pending);
        let surplus = self.0.len().saturating_sub(PENDING_MAX);
        self.0.drain(..surplus);
    }

    /// Takes out the one with this state: a state is good once.
    pub(super) fn take(&mut self, state: &str) -> Option<Pending> {
        let place = self.0.iter().position(|one| one.state == state)?;
        Some(self.0.remove(place))
    }

    /// The `Set-Cookie` that holds them; the oldest give way until it is short enough.
    pub(super) fn cookie(
        mut self,
        vault: &Vault,
        random: &dyn SecureRandom,
    ) -> Result<HeaderValue, LoginError> {
        while !self.0.is_empty() {
            let plain = serde_json::to_vec(&self.0).map_err(|_| KeyError::Sealing)?;
            let sealed = vault.seal(BOUND, &plain, random)?;
            let value = URL_SAFE_NO_PAD.encode(sealed);
            if value.len() <= COOKIE_BYTES_MAX {
                let age = Duration::from_secs(PENDING_SECONDS_MAX);
                return Ok(cookie::set(SIGN_IN_COOKIE, &value, Some(age))?);
            }
            self.0.remove(0);
        }
        Ok(cookie::clear(SIGN_IN_COOKIE)?)
    }
}

fn open(value: &str, vault: &Vault) -> Option<Vec<Pending>> {
    let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
    let plain = vault.open(BOUND, &sealed).ok()?;
    serde_json::from_slice(&plain).ok()
}

/// 43 characters of base64url: long enough for a PKCE verifier (RFC 7636 §4.1).
fn secret(random: &dyn SecureRandom) -> Result<String, KeyError> {
    let mut bytes = [0_u8; SECRET_BYTES];
    random
        .fill(&mut bytes)
        .map_err(|_| KeyError::NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

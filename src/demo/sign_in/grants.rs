//! Codes and access tokens that were given out and are not used up.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::demo::people::{Account, Realm};
use crate::domain::time::Timestamp;

/// What a code stands for.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) realm: Realm,
    pub(super) account: &'static Account,
    pub(super) client: String,
    pub(super) redirect_uri: String,
    /// RFC 7636 §4.2, method S256.
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    pub(super) authenticated_at: Timestamp,
}

/// Codes and tokens, bounded in number and time.
#[derive(Default)]
pub(super) struct Grants(Mutex<Given>);

#[derive(Default)]
struct Given {
    codes: HashMap<String, (Grant, Timestamp)>,
    /// Codes that were used, with the token they led to: used twice, it is taken back.
    used: HashMap<String, (String, Timestamp)>,
    tokens: HashMap<String, Token>,
}

struct Token {
    realm: Realm,
    account: &'static Account,
    until: Timestamp,
}

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grants")
    }
}

impl Grants {
    /// Keeps a grant under a fresh code. `None` when too many are waiting.
    pub(super) fn keep(&self, code: &str, grant: Grant, now: Timestamp) -> Option<()> {
        let mut given = self.given(now);
        if given.codes.len() >= GRANTS_MAX {
            return None;
        }
        given
            .codes
            .insert(code.to_owned(), (grant, now.plus_ms(CODE_MS)));
        Some(())
    }

    /// Takes the grant of a code: it is gone afterwards, whatever becomes of it. A code that comes
    /// a second time takes back what the first led to (RFC 6749 §4.1.2).
    pub(super) fn take(&self, code: &str, now: Timestamp) -> Option<Grant> {
        let mut given = self.given(now);
        if let Some((token, _)) = given.used.remove(code) {
            given.tokens.remove(&token);
        }
        given.codes.remove(code).map(|(grant, _)| grant)
    }

    /// Remembers an access token and the code that led to it.
    pub(super) fn issue(&self, code: &str, token: &str, grant: &Grant, now: Timestamp) {
        let mut given = self.given(now);
        let until = now.plus_ms(TOKEN_MS);
        given
            .used
            .insert(code.to_owned(), (token.to_owned(), until));
        let token_of = Token {
            realm: grant.realm,
            account: grant.account,
            until,
        };
        given.tokens.insert(token.to_owned(), token_of);
    }

    /// Whose access token this is, in this realm.
    pub(super) fn account(
        &self,
        realm: Realm,
        token: &str,
        now: Timestamp,
    ) -> Option<&'static Account> {
        let given = self.given(now);
        given
            .tokens
            .get(token)
            .filter(|token| token.realm == realm)
            .map(|token| token.account)
    }

    /// What is kept, without what has run out.
    fn given(&self, now: Timestamp) -> MutexGuard<'_, Given> {
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        given.codes.retain(|_, (_, until)| now < *until);
        given.used.retain(|_, (_, until)| now < *until);
        given.tokens.retain(|_, token| now < token.until);
        given
    }
}

const GRANTS_MAX: usize = 10_000;
const CODE_MS: i64 = 60_000;
/// How long an access token for user info is good.
pub(super) const TOKEN_MS: i64 = 300_000;

//! How long what a caller has begun may last: no longer than the credential they began it with.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use crate::domain::time::Timestamp;
use crate::identity::certificate::{CertificateError, Certificates};
use crate::identity::session::{Look, RowKey, Sessions};
use crate::wire::arrival::ClientCertificate;

/// What a request was identified by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credential {
    /// Nobody in particular: there is nothing that could end.
    Nobody,
    Token {
        until: Timestamp,
        /// Without which it does not hold.
        certificate: Option<ClientCertificate>,
    },
    Session {
        key: RowKey,
    },
    Certificate(ClientCertificate),
}

/// Why what was begun may not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The session has ended: signed out, revoked, too old, idle for too long.
    SessionEnded,
    TokenExpired,
    /// The certificate ran out or was revoked, or nobody can say whether it was.
    CertificateEnded,
    /// For longer than sessions are believed unseen, nobody could say.
    Unknown,
}

/// Follows a credential. Looked at each time the room looks for ended sessions; an open stream is
/// no use of a session, so one that nobody uses otherwise ends it.
pub struct Tenure {
    credential: Credential,
    sessions: Arc<Sessions>,
    certificates: Arc<Certificates>,
    looks: watch::Receiver<Look>,
    /// The last look taken into account.
    seen: u64,
    /// Good until then, as far as is known.
    until: Option<Timestamp>,
}

impl Tenure {
    pub(super) fn new(
        credential: Credential,
        sessions: Arc<Sessions>,
        certificates: Arc<Certificates>,
    ) -> Self {
        let looks = sessions.looks();
        Self {
            credential,
            sessions,
            certificates,
            looks,
            seen: 0,
            until: None,
        }
    }

    /// Comes back when the credential is good no more, within a second of it.
    pub async fn over(mut self) -> Over {
        loop {
            let over = match &self.credential {
                Credential::Nobody => return std::future::pending().await,
                Credential::Token { until, .. } if self.sessions.now() >= *until => {
                    Some(Over::TokenExpired)
                }
                Credential::Token {
                    certificate: None, ..
                } => None,
                Credential::Token {
                    certificate: Some(shown),
                    ..
                } => ended(&self.certificates.stands(shown).await),
                Credential::Certificate(shown) => ended(&self.certificates.admit(shown).await),
                Credential::Session { key } => self.ended(*key).await,
            };
            if let Some(over) = over {
                return over;
            }
            if self.looks.changed().await.is_err() {
                return Over::Unknown;
            }
        }
    }

    /// Whether the session has ended. The store is asked only where the last look, or time, gives
    /// cause to.
    async fn ended(&mut self, key: RowKey) -> Option<Over> {
        let (number, concerned) = {
            let look = self.looks.borrow_and_update();
            (look.number(), look.concerns(&key, self.seen))
        };
        let now = self.sessions.now();
        let due = concerned || self.until.is_none_or(|until| now >= until);
        if due {
            match self.sessions.until(key).await {
                Ok(None) => return Some(Over::SessionEnded),
                Ok(Some(until)) if now >= until => return Some(Over::SessionEnded),
                Ok(Some(until)) => self.until = Some(until),
                // Asked again at the next look, as long as sessions may be believed unseen.
                Err(_) => return (!self.sessions.are_followed()).then_some(Over::Unknown),
            }
        }
        self.seen = number;
        (!self.sessions.are_followed()).then_some(Over::Unknown)
    }
}

/// A certificate that counts no more, asked about as each request with it is.
fn ended<T>(asked: &Result<T, CertificateError>) -> Option<Over> {
    asked.is_err().then_some(Over::CertificateEnded)
}

impl fmt::Debug for Tenure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenure")
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}

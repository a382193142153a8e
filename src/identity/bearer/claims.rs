//! What a token says: read strictly, believed only when its signature is good.

use serde_json::Value;

use crate::domain::name::Scope;
use crate::domain::time::Timestamp;
use crate::identity::bearer::BearerError;
use crate::identity::bearer::json::Object;
use crate::wire::arrival::CertificateDigest;

/// Most audiences one token may have.
const AUDIENCES_MAX: usize = 8;
/// Most scopes one token may hold.
const SCOPES_MAX: usize = 64;
/// The largest number that every reader of JSON reads as the same one (RFC 8259 §6).
const SECONDS_MAX: u64 = 1 << 53;

/// The claims of an access token of the client credentials grant (RFC 9068 §2.2).
pub(super) struct Claims {
    pub(super) issuer: String,
    /// Its client, who is its subject too.
    pub(super) client: String,
    pub(super) times: Times,
    /// The certificate that it is bound to.
    pub(super) bound: Option<CertificateDigest>,
    audiences: Vec<String>,
    scopes: Vec<String>,
}

/// When a token holds, in seconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    issued: i64,
    not_before: Option<i64>,
    expires: i64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct TimeBounds {
    pub(super) skew_seconds_max: i64,
    pub(super) token_seconds_max: i64,
}

impl Claims {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, BearerError> {
        let object = Object::read(bytes).ok_or(BearerError::Form)?;
        let text = |name| object.text(name).ok_or(BearerError::Claim(name));
        let client = text("client_id")?;
        // Else it is the token of someone on whose behalf the client acts (RFC 9068 §2.2).
        if text("sub")? != client {
            return Err(BearerError::Claim("sub"));
        }
        Ok(Self {
            issuer: text("iss")?.to_owned(),
            client: client.to_owned(),
            times: Times::read(&object)?,
            bound: bound(&object)?,
            audiences: audiences(&object).ok_or(BearerError::Claim("aud"))?,
            scopes: scopes(&object).ok_or(BearerError::Claim("scope"))?,
        })
    }

    pub(super) fn check_audience(&self, audience: &str) -> Result<(), BearerError> {
        let meant = self.audiences.iter().any(|one| one == audience);
        meant.then_some(()).ok_or(BearerError::Audience)
    }

    pub(super) fn holds_scope(&self, scope: &Scope) -> bool {
        self.scopes.iter().any(|held| held == scope.as_str())
    }
}

impl Times {
    fn read(object: &Object) -> Result<Self, BearerError> {
        let needed = |name| seconds(object.member(name)).ok_or(BearerError::Claim(name));
        let not_before = match object.member("nbf") {
            None => None,
            Some(_) => Some(needed("nbf")?),
        };
        Ok(Self {
            issued: needed("iat")?,
            not_before,
            expires: needed("exp")?,
        })
    }

    /// Whether the token holds now (RFC 7519 §4.1.4 to §4.1.6).
    pub(super) fn check(self, bounds: TimeBounds, now: Timestamp) -> Result<(), BearerError> {
        let (now, skew) = (now.unix_seconds(), bounds.skew_seconds_max);
        if !(1..=bounds.token_seconds_max).contains(&(self.expires - self.issued)) {
            return Err(BearerError::Lifetime);
        }
        if now >= self.expires + skew {
            return Err(BearerError::Expired);
        }
        let begins = self.issued.max(self.not_before.unwrap_or(self.issued));
        if now < begins - skew {
            return Err(BearerError::NotYet);
        }
        Ok(())
    }

    /// From when on it holds no more.
    pub(super) const fn until(self, bounds: TimeBounds) -> Timestamp {
        Timestamp::from_unix_seconds(self.expires + bounds.skew_seconds_max)
    }

    pub(super) const fn issued_at(self) -> Timestamp {
        Timestamp::from_unix_seconds(self.issued)
    }
}

/// What the token is bound to (RFC 8705 §3.1). Who stole a token that is bound in another way must
/// not use it as if it were not bound (RFC 9449 §7.2).
fn bound(object: &Object) -> Result<Option<CertificateDigest>, BearerError> {
    let Some(confirmation) = object.member("cnf") else {
        return Ok(None);
    };
    let confirmation = confirmation.as_object().ok_or(BearerError::Bound)?;
    let only = (confirmation.len() == 1).then(|| confirmation.get("x5t#S256"));
    let digest = only.flatten().and_then(Value::as_str);
    let digest = digest.and_then(CertificateDigest::parse);
    digest.map(Some).ok_or(BearerError::Bound)
}

/// A whole number only: text, fractions and exponents are read differently by different readers.
fn seconds(given: Option<&Value>) -> Option<i64> {
    let seconds = given?.as_u64().filter(|seconds| *seconds <= SECONDS_MAX)?;
    i64::try_from(seconds).ok()
}

/// One text or a list of them (RFC 7519 §4.1.3).
fn audiences(object: &Object) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match object.member("aud")? {
        Value::Array(several) if several.len() <= AUDIENCES_MAX => {
            several.iter().map(text).collect()
        }
        one => Some(vec![text(one)?]),
    }
}

/// Scopes with one space between them (RFC 6749 §3.3); none when the claim is missing or empty.
fn scopes(object: &Object) -> Option<Vec<String>> {
    let Some(given) = object.member("scope") else {
        return Some(Vec::new());
    };
    let given = given.as_str()?;
    if given.is_empty() {
        return Some(Vec::new());
    }
    let visible = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    let well_formed = |scope: &str| !scope.is_empty() && scope.bytes().all(visible);
    let scopes: Vec<_> = given.split(' ').take(SCOPES_MAX + 1).collect();
    let accepted = scopes.len() <= SCOPES_MAX && scopes.iter().all(|scope| well_formed(scope));
    accepted.then(|| scopes.into_iter().map(str::to_owned).collect())
}

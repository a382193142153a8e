//! Whoever types the code printed on the paper holds the paper: for a while it opens the document.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;

use crate::domain::document::{AccessCode, CodeError, DocumentCode, DocumentStatus};
use crate::domain::fact::Presented;
use crate::domain::person::Person;
use crate::keys::Bound;
use crate::notary::index::SealKey as By;
use crate::notary::record::code_key;
use crate::notary::{Notary, NotaryError};
use crate::wire::cookie::Cookies;
use crate::wire::headers::{self, DOCUMENT_ACCESS};

/// The cookie in which a browser shows it.
pub const ACCESS_COOKIE: &str = "__Host-muhrdor-document";

/// That the bearer has shown one document's printed access code not long ago. Encrypted under a
/// key of the house and bound to that document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl AccessToken {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Notary {
    /// Opens a document with what was typed. An unknown, a mistyped and a hidden code take the
    /// same work and give the same answer.
    ///
    /// # Errors
    /// [`NotaryError::Unknown`] for anything but the right pair.
    pub async fn open(
        &self,
        code: Result<DocumentCode, CodeError>,
        access: Result<AccessCode, CodeError>,
    ) -> Result<AccessToken, NotaryError> {
        let nothing = (
            DocumentCode::from_bytes([0; 16]),
            AccessCode::from_bytes([0; 5]),
        );
        let (code, access) = (code.unwrap_or(nothing.0), access.unwrap_or(nothing.1));
        let row = self.tools.registrar.find(By::Code(code_key(code))).await?;
        let row = row.ok_or(NotaryError::Unknown)?;
        let record = self.decrypted(&row)?;
        if !record.opens_with(access) || record.released().is_none() {
            return Err(NotaryError::Unknown);
        }
        let until = self
            .tools
            .clock
            .now()
            .plus_ms(i64::from(self.settings.access_ms_max));
        let place = code.to_string();
        let plain = until.unix_ms().to_be_bytes();
        let random = self.tools.random.as_ref();
        let sealed = self.tools.vault.seal(bound(&place), &plain, random)?;
        Ok(AccessToken(URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// The document that a request shows the access token of, if it is the one that its path
    /// names.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn presented(
        &self,
        code: &str,
        head: &HeaderMap,
    ) -> Result<Option<Presented>, NotaryError> {
        let Ok(code) = DocumentCode::parse(code) else {
            return Ok(None);
        };
        let Some(token) = token(head) else {
            return Ok(None);
        };
        if !self.is_open(code, &token) {
            return Ok(None);
        }
        let row = self.tools.registrar.find(By::Code(code_key(code))).await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let record = self.decrypted(&row)?;
        let holder = record.holder();
        let pinfl = holder.ok_or(NotaryError::Corrupt("it names nobody"))?;
        Ok(Some(Presented {
            code,
            kind: record.kind.clone(),
            holder: Person {
                id: self.tools.pseudonym.person(&pinfl),
                pinfl,
            },
            issuer: record.issuer.clone(),
            revoked: record.status() != DocumentStatus::Valid,
        }))
    }

    fn is_open(&self, code: DocumentCode, token: &str) -> bool {
        let Ok(sealed) = URL_SAFE_NO_PAD.decode(token) else {
            return false;
        };
        let place = code.to_string();
        let Ok(plain) = self.tools.vault.open(bound(&place), &sealed) else {
            return false;
        };
        let until = <[u8; 8]>::try_from(plain.as_slice()).map(i64::from_be_bytes);
        until.is_ok_and(|until| self.tools.clock.now().unix_ms() < until)
    }
}

/// The token of the header, or of the cookie; nothing when there are two.
fn token(head: &HeaderMap) -> Option<String> {
    let header = headers::single(head, &DOCUMENT_ACCESS).ok()?;
    let cookies = Cookies::read(head).ok()?;
    let cookie = cookies.one(ACCESS_COOKIE).ok()?;
    match (header, cookie) {
        (Some(token), None) | (None, Some(token)) => Some(token.to_owned()),
        (None, None) | (Some(_), Some(_)) => None,
    }
}

fn bound(code: &str) -> Bound<'_> {
    Bound {
        purpose: "document-access",
        place: code.as_bytes(),
    }
}

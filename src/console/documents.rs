//! Documents as in-house e-services: shown and handed out to whoever holds the paper, revoked by
//! whoever issued them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use crate::domain::document::{DocumentCode, DocumentStatus};
use crate::domain::name::{DataClass, DocumentNumber};
use crate::domain::reason::Reason;
use crate::domain::text::Texts;
use crate::notary::{Notary, NotaryError, Shown};
use crate::policy::{Permit, RevocableDocument, Vocabulary};
use crate::upstream::{InHouseError, InHouseRequest};
use crate::wire::answer::Answer;
use crate::wire::body::Body;

/// What a paper says, as its holder is shown it; what of it leaves is for redaction.
#[derive(Debug, Serialize)]
struct View<'a> {
    kind: &'a str,
    kind_names: Option<&'a Texts>,
    issuer: &'a str,
    issuer_names: Option<&'a Texts>,
    number: &'a str,
    issued_at: String,
    status: &'static str,
    revoked_at: Option<String>,
    /// Of each class what the document says, in its order.
    details: BTreeMap<&'a DataClass, Vec<&'a str>>,
    original: String,
}

/// What a revocation came to.
#[derive(Debug, Serialize)]
struct Revocation<'a> {
    number: &'a str,
    kind: &'a str,
    issuer: &'a str,
    status: &'static str,
    revoked_at: Option<String>,
    /// The person it is about: whose journal shows the revocation.
    holder: &'a str,
}

/// The document that the path names, for whoever has shown its access code.
pub(super) async fn view(
    notary: &Notary,
    request: &InHouseRequest,
    words: &Vocabulary,
) -> Result<Value, InHouseError> {
    let code = code(request)?;
    let shown = notary.show(code).await.map_err(refused)?;
    let (status, revoked_at) = told(shown.status);
    let mut details: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for detail in &shown.details {
        details
            .entry(&detail.class)
            .or_default()
            .push(detail.text.as_str());
    }
    let view = View {
        kind: shown.kind.as_str(),
        kind_names: words.document(&shown.kind).map(|kind| &kind.titles),
        issuer: shown.issuer.as_str(),
        issuer_names: words.agency(&shown.issuer).map(|agency| &agency.names),
        number: shown.number.as_str(),
        issued_at: shown.issued_at.to_string(),
        status,
        revoked_at,
        details,
        original: format!("/verify/{code}/document"),
    };
    serde_json::to_value(view).map_err(|cause| InHouseError::Unavailable(cause.to_string()))
}

/// The file of the same.
pub(super) async fn original(
    notary: &Notary,
    request: &InHouseRequest,
) -> Result<Answer, InHouseError> {
    let code = code(request)?;
    let file = notary.original(code).await.map_err(refused)?;
    Ok(pdf(file))
}

/// Revokes the document of the number that the path names.
pub(super) async fn revoke(
    notary: &Arc<Notary>,
    permit: &Permit,
    request: &InHouseRequest,
) -> Result<Value, InHouseError> {
    let number = DocumentNumber::parse(&capture(request, "number"));
    let number = number.map_err(|cause| InHouseError::BadInput(cause.to_string()))?;
    let asking = permit.principal().agency().cloned();
    let asking = asking.ok_or(InHouseError::NotFound)?;
    let named = notary.named(&asking, &number).await.map_err(refused)?;
    let document = RevocableDocument {
        issuer: named.shown.issuer.clone(),
        kind: named.shown.kind.clone(),
        holder: named.shown.holder.id,
        revoked: named.shown.status != DocumentStatus::Valid,
    };
    let revoking = permit.revoking(&document);
    let revoking = revoking.map_err(|denial| InHouseError::Refused {
        reason: denial.reason,
        what: "the document is another body's".to_owned(),
    })?;
    let shown: Shown = notary.revoke(revoking, named).await.map_err(refused)?;
    let (status, revoked_at) = told(shown.status);
    let revoked = Revocation {
        number: shown.number.as_str(),
        kind: shown.kind.as_str(),
        issuer: shown.issuer.as_str(),
        status,
        revoked_at,
        holder: shown.holder.pinfl.expose(),
    };
    serde_json::to_value(revoked).map_err(|cause| InHouseError::Unavailable(cause.to_string()))
}

fn told(status: DocumentStatus) -> (&'static str, Option<String>) {
    match status {
        DocumentStatus::Valid => ("valid", None),
        DocumentStatus::Revoked { at } => ("revoked", Some(at.to_string())),
    }
}

fn code(request: &InHouseRequest) -> Result<DocumentCode, InHouseError> {
    DocumentCode::parse(&capture(request, "code")).map_err(|_| InHouseError::NotFound)
}

fn capture(request: &InHouseRequest, name: &str) -> String {
    let mut captures = request.captures.iter();
    let found = captures.find(|(key, _)| key == name);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

fn refused(error: NotaryError) -> InHouseError {
    match error {
        NotaryError::Unknown => InHouseError::NotFound,
        NotaryError::RevokedAlready => InHouseError::Refused {
            reason: Reason::DocumentNumberTaken,
            what: error.to_string(),
        },
        other => InHouseError::Refused {
            reason: other.reason(),
            what: other.to_string(),
        },
    }
}

fn pdf(file: Bytes) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    let inline = "inline; filename=\"document.pdf\"";
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(inline));
    Answer {
        status: 200,
        headers,
        body: Body::full(file),
        tunnel: None,
    }
}

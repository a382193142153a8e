//! What the pages of the check are told, and what programs are.

use serde_json::{Value, json};

use crate::domain::document::{CodeError, DocumentCode};
use crate::notary::Known;
use crate::notary::verdict::{Conclusion, Integrity, Receipt, StatusKnown, Verdict};
use crate::wire::pages::check::{
    AccessView, CheckTrouble, CheckView, IntegrityView, Outcome, RegisteredView, StatusView, Tried,
    VerdictView,
};

/// What a program is told of how to ask.
pub(super) fn ways() -> Value {
    json!({
        "by_code": "GET /verify/{code}",
        "by_file": "POST /verify with `application/pdf`, or a form with one `file`",
        "by_digest": "POST /verify with {\"digest\": SHA-256 of the whole file, hexadecimal}",
        "receipt": "GET /verify/{code}/receipt",
        "status_list": "GET /verify/status",
    })
}

/// All that is needed to check a document without asking again.
pub(super) fn receipt(known: &Known) -> Value {
    let entries = known.entries.iter();
    let receipt = Receipt::of(entries.map(|e| (e.entry.as_slice(), e.proof.as_str())));
    json!(receipt)
}

pub(super) fn form(host: &str, trouble: Option<CheckTrouble>) -> CheckView {
    CheckView {
        host: host.to_owned(),
        trouble,
    }
}

/// The page of a verdict. The way to the document is shown where a code was checked: whoever has
/// the file has the document.
pub(super) fn verdict(
    verdict: &Verdict,
    known: Option<&Known>,
    signed: Option<String>,
    host: &str,
) -> VerdictView {
    let code = verdict.code.filter(|_| verdict.certificate.is_none());
    VerdictView {
        outcome: outcome(verdict),
        integrity: match verdict.integrity {
            Integrity::Intact => IntegrityView::Intact,
            Integrity::Altered => IntegrityView::Altered,
            Integrity::Unchecked => IntegrityView::Unchecked,
        },
        status: match verdict.status {
            StatusKnown::Valid { as_of } => StatusView::Valid { as_of },
            StatusKnown::Revoked { at } => StatusView::Revoked { at },
            StatusKnown::Unknown { after } => StatusView::Unknown { after },
        },
        kind: known.map(|known| known.names.kind.clone()),
        issuer: known.map(|known| known.names.issuer.clone()),
        certificate: verdict.certificate.clone(),
        registered: verdict.registered.map(|found| RegisteredView {
            at: found.at,
            index: found.index,
        }),
        access: code.map(|code| access(code, Tried::NotYet)),
        receipt: verdict.code.map(|code| format!("/verify/{code}/receipt")),
        signed,
        host: host.to_owned(),
    }
}

/// The same after a wrong access code: also where there is no such document, so that the answer
/// does not tell one from the other.
pub(super) fn wrong_access(code: Result<DocumentCode, CodeError>, host: &str) -> VerdictView {
    let shown = code.unwrap_or(DocumentCode::from_bytes([0; 16]));
    VerdictView {
        access: Some(access(shown, Tried::Wrong)),
        ..nothing(Outcome::NotOpened, host)
    }
}

pub(super) fn unknown(host: &str) -> VerdictView {
    nothing(Outcome::Unknown, host)
}

fn access(code: DocumentCode, tried: Tried) -> AccessView {
    AccessView {
        action: format!("/verify/{code}/access"),
        tried,
    }
}

fn outcome(verdict: &Verdict) -> Outcome {
    match (verdict.conclusion, &verdict.foreign) {
        (Conclusion::Genuine, _) => Outcome::Genuine,
        (Conclusion::Registered, _) => Outcome::Registered,
        (Conclusion::Revoked, _) => Outcome::Revoked,
        (Conclusion::Altered, _) => Outcome::Altered,
        (Conclusion::NotOurs, None) => Outcome::NotOurs,
        (Conclusion::NotOurs, Some(facts)) => Outcome::Foreign {
            intact: facts.intact,
            trusted: facts.trusted,
            signer: facts.signer.clone(),
        },
    }
}

fn nothing(outcome: Outcome, host: &str) -> VerdictView {
    VerdictView {
        outcome,
        integrity: IntegrityView::Unchecked,
        status: StatusView::Unknown { after: None },
        kind: None,
        issuer: None,
        certificate: None,
        registered: None,
        access: None,
        receipt: None,
        signed: None,
        host: host.to_owned(),
    }
}

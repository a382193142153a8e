//! Documents on their way: what an issuing operation answers is sealed before anything else is
//! done with it; whoever shows a paper's access code is told apart from who does not.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use crate::domain::document::Issuance;
use crate::domain::fact::Presented;
use crate::domain::operation::SubjectAt;
use crate::domain::person::Person;
use crate::domain::reason::Reason;
use crate::gateway::refusal::Refusal;
use crate::gateway::visit::Visit;
use crate::gateway::{Gateway, Snapshot};
use crate::notary::{DOCUMENT, Declaration, DocumentNames, Names, Notary, Seen};
use crate::policy::Permit;
use crate::register::Route;
use crate::wire::answer::Answer;
use crate::wire::arrival::Arrival;
use crate::wire::body::{Body, BodyError};

impl Gateway {
    /// The document whose access code the request shows, where its operation is about one.
    pub(super) async fn presented(
        &self,
        route: &Route,
        arrival: &Arrival,
    ) -> Result<Option<Presented>, Refusal> {
        let SubjectAt::Document(capture) = &route.operation().subject else {
            return Ok(None);
        };
        let code = route.capture(capture).unwrap_or_default();
        Ok(self.notary()?.presented(code, &arrival.headers).await?)
    }

    /// Seals what an issuing operation issues; all other answers go on as they are.
    pub(super) async fn issue(
        &self,
        house: &Snapshot,
        permit: &Permit,
        answer: Answer,
        visit: &mut Visit,
    ) -> Result<Answer, Refusal> {
        let operation = permit.operation();
        let succeeded = StatusCode::from_u16(answer.status).is_ok_and(|s| s.is_success());
        if operation.issues.is_empty() || !succeeded {
            return Ok(answer);
        }
        let notary = self.notary()?;
        let missing = |cause: String| Refusal::new(Reason::DocumentMissing, cause);
        let declared = Declaration::read(&answer.headers).map_err(|no| missing(no.to_string()))?;
        let issuance = self.issuance(permit, &declared);
        let names = names(house, &issuance, &declared);
        let names = names.ok_or_else(|| missing("the vocabulary has no such document".into()))?;
        let issuing = permit
            .issuing(issuance)
            .map_err(|no| visit.denied(no, house.policy.id()))?;
        let Answer {
            status,
            mut headers,
            body,
            tunnel: _,
        } = answer;
        let media = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        if media != Some(b"application/pdf") {
            return Err(missing("what is declared is no PDF".to_owned()));
        }
        let file = body
            .collect_up_to(DOCUMENT_BYTES_MAX)
            .await
            .map_err(|cause| broken(&cause))?;
        let sealed = notary.seal(issuing, names, file).await?;
        visit.step("seal", told(sealed.index, sealed.seen));
        headers.remove(CONTENT_LENGTH);
        headers.remove(DOCUMENT);
        Ok(Answer {
            status,
            headers,
            body: Body::full(sealed.file),
            tunnel: None,
        })
    }

    fn issuance(&self, permit: &Permit, declared: &Declaration) -> Issuance {
        Issuance {
            issuer: permit.operation().service.agency.clone(),
            kind: declared.kind.clone(),
            number: declared.number.clone(),
            holder: Person {
                id: self.rooms.pseudonym.person(&declared.subject),
                pinfl: declared.subject,
            },
            details: declared.details.clone(),
        }
    }

    fn notary(&self) -> Result<&std::sync::Arc<Notary>, Refusal> {
        let what = "this deployment has no `[notary]`";
        let notary = self.rooms.notary.as_ref();
        notary.ok_or_else(|| Refusal::new(Reason::NotaryUnavailable, what))
    }
}

/// What is printed beside the seal.
fn names(house: &Snapshot, issuance: &Issuance, declared: &Declaration) -> Option<DocumentNames> {
    let vocabulary = house.policy.vocabulary();
    Some(DocumentNames {
        names: Names {
            issuer: vocabulary.agency(&issuance.issuer)?.names.clone(),
            kind: vocabulary.document(&issuance.kind)?.titles.clone(),
        },
        language: declared.language,
    })
}

fn broken(cause: &BodyError) -> Refusal {
    match cause {
        BodyError::TooLarge { bytes_max } => {
            let what = format!("the document has more than {bytes_max} bytes");
            Refusal::new(Reason::DocumentNotSealable, what)
        }
        BodyError::Broken | BodyError::Stalled | BodyError::Withheld => {
            Refusal::new(Reason::UpstreamUnavailable, "the document broke off")
        }
    }
}

fn told(index: u64, seen: Seen) -> String {
    match seen {
        Seen::First => format!("sealed, entry {index} of the documents' log"),
        Seen::Before => format!("sealed before, entry {index} of the documents' log"),
    }
}

/// The largest document that is sealed: the largest that is read.
const DOCUMENT_BYTES_MAX: u64 = 20 * 1024 * 1024;

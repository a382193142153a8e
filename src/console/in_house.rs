//! The e-services inside the process: asked by the corridor like any upstream.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use tokio::task;

use crate::domain::person::PersonId;
use crate::domain::principal::Principal;
use crate::domain::time::Timestamp;
use crate::journal::{JournalError, Lane, LedgerPosition, Page, Reader};
use crate::notary::Notary;
use crate::policy::{Permit, Policy};
use crate::register::Register;
use crate::upstream::{InHouse, InHouseError, InHouseRequest};
use crate::wire::answer::Answer;
use crate::wire::body::Body;
use crate::wire::path::Target;

use super::answers::{self, Lexicon};
use super::documents;
use super::shape::Services;

/// Entries on one page of the journal: what fits into a page of 30 KB in Cyrillic.
const JOURNAL_ENTRIES_MAX: u32 = 10;

/// What the in-house e-services answer from.
pub struct InHouseServices {
    reader: Reader,
    /// Absent where nothing is sealed.
    notary: Option<Arc<Notary>>,
    library: ArcSwap<Library>,
}

/// What one bundle says; swapped as a whole.
struct Library {
    policy: Arc<Policy>,
    lexicon: Lexicon,
    services: Services,
}

impl Library {
    fn of(policy: Arc<Policy>, register: &Register) -> Arc<Self> {
        Arc::new(Self {
            lexicon: Lexicon::of(&policy, register),
            services: answers::services(register.operations().map(AsRef::as_ref)),
            policy,
        })
    }
}

impl fmt::Debug for InHouseServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InHouseServices").finish_non_exhaustive()
    }
}

impl InHouse for InHouseServices {
    fn answer<'a>(
        &'a self,
        permit: &'a Permit,
        request: InHouseRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, InHouseError>> + Send + 'a>> {
        Box::pin(self.ask(permit, request))
    }
}

impl InHouseServices {
    #[must_use]
    pub fn new(
        reader: Reader,
        notary: Option<Arc<Notary>>,
        policy: Arc<Policy>,
        register: &Register,
    ) -> Self {
        Self {
            reader,
            notary,
            library: ArcSwap::new(Library::of(policy, register)),
        }
    }

    /// Answers from this bundle from now on.
    pub fn replace(&self, policy: Arc<Policy>, register: &Register) {
        self.library.store(Library::of(policy, register));
    }

    async fn ask(&self, permit: &Permit, request: InHouseRequest) -> Result<Answer, InHouseError> {
        let library = self.library.load_full();
        let words = &library.lexicon;
        match permit.operation().id.as_str() {
            "account.home" => {
                let newest = match permit.principal() {
                    Principal::Person(person) => Some(self.lane(person.person.id, None).await?.0),
                    Principal::Anonymous | Principal::Official(_) | Principal::System(_) => None,
                };
                json(&answers::home(permit.principal(), newest.as_ref(), words))
            }
            "account.journal" => {
                let reader = permit.subject().ok_or(InHouseError::NotFound)?.id;
                let before = number(&request.target, "before")?.map(LedgerPosition);
                let (lane, since) = self.lane(reader, before).await?;
                json(&answers::journal(reader, &lane, before, since, words))
            }
            "console.policies" => {
                let page = number(&request.target, "page")?.unwrap_or(1).max(1);
                let page = u32::try_from(page).map_err(|_| InHouseError::NotFound)?;
                let policy = &library.policy;
                json(&answers::policies(
                    policy.id(),
                    policy.rules(),
                    page,
                    request.now,
                    words,
                ))
            }
            "directory.services" => json(&library.services),
            "documents.view" => {
                let words = library.policy.vocabulary();
                json(&documents::view(self.notary()?, &request, words).await?)
            }
            "documents.original" => documents::original(self.notary()?, &request).await,
            "notary.document.revoke" => {
                json(&documents::revoke(self.notary()?, permit, &request).await?)
            }
            _ => Err(InHouseError::NotFound),
        }
    }

    fn notary(&self) -> Result<&Arc<Notary>, InHouseError> {
        self.notary.as_ref().ok_or(InHouseError::NotFound)
    }

    /// A page of a person's lane, and since when there is a journal. Reading a ledger blocks.
    async fn lane(
        &self,
        person: PersonId,
        before: Option<LedgerPosition>,
    ) -> Result<(Lane, Option<Timestamp>), InHouseError> {
        let reader = self.reader.clone();
        let read = move || {
            let page = Page {
                before,
                entries_max: JOURNAL_ENTRIES_MAX,
            };
            let lane = reader.who_saw(person, page)?;
            let first = reader.read(LedgerPosition(0), 1)?;
            Ok((lane, first.first().map(|found| found.entry.at)))
        };
        let unavailable = |cause: String| InHouseError::Unavailable(cause);
        task::spawn_blocking(read)
            .await
            .map_err(|cause| unavailable(cause.to_string()))?
            .map_err(|cause: JournalError| unavailable(cause.to_string()))
    }
}

/// A query parameter that is a number, where it is given.
fn number(target: &Target, name: &'static str) -> Result<Option<u64>, InHouseError> {
    let bad = |what: String| InHouseError::BadInput(what);
    let value = target
        .query_value(name)
        .map_err(|cause| bad(cause.to_string()))?;
    value
        .map(|text| {
            text.parse()
                .map_err(|_| bad(format!("`{name}` is not a number")))
        })
        .transpose()
}

fn json(answer: &impl Serialize) -> Result<Answer, InHouseError> {
    let body =
        serde_json::to_vec(answer).map_err(|cause| InHouseError::Unavailable(cause.to_string()))?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(Answer {
        status: 200,
        headers,
        body: Body::full(body),
        tunnel: None,
    })
}

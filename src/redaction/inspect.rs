//! The first half: which contract an answer keeps, and whose data it has. Nothing is decided.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;

use crate::domain::data::Facet;
use crate::domain::entry::VisitId;
use crate::domain::name::DataClass;
use crate::domain::operation::{ClassMap, Effect, Mode, Operation, Question};
use crate::domain::person::{Person, Pinfl};
use crate::domain::service::Backend;
use crate::policy::Permit;
use crate::redaction::error::{Breach, RedactionError};
use crate::redaction::fields::{self, Reading};
use crate::redaction::head::{self, Media};
use crate::redaction::{Redaction, json, stream};
use crate::wire::answer::Answer;
use crate::wire::body::Body;
use crate::wire::tunnel::duplex::Duplex;

/// An answer that keeps a contract, and whose it is. Still whole: nothing of it may leave yet.
#[must_use = "an answer that was inspected is still to be disclosed"]
pub struct Inspected {
    pub(super) visit: VisitId,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) content: Content,
    subjects: Vec<Person>,
}

/// What there is to decide on.
pub(super) enum Content {
    Public(Passing),
    /// Frames that nobody reads, declared to be about nobody.
    Tunnel(Duplex),
    Whole {
        body: Body,
        facets: Vec<Facet>,
    },
    Fields(Box<Reading>),
    Question {
        reading: Box<Reading>,
        question: Question,
        threshold: i64,
        facet: Facet,
    },
}

/// A body that is about nobody.
pub(super) enum Passing {
    Streamed(Body),
    /// Of an in-house operation: a page may be made of it.
    Collected(Bytes),
}

impl Inspected {
    /// The persons whose data the answer has: facts about them may be gathered now.
    #[must_use]
    pub fn subjects(&self) -> &[Person] {
        &self.subjects
    }
}

impl fmt::Debug for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspected")
            .field("visit", &self.visit)
            .field("status", &self.status)
            .field("subjects", &self.subjects.len())
            .finish_non_exhaustive()
    }
}

impl Redaction {
    /// Judges what the request asks before anybody is asked for it: a yes-or-no question has a
    /// threshold of its list.
    ///
    /// # Errors
    /// [`RedactionError::QuestionNotAllowed`].
    pub fn question(&self, permit: &Permit) -> Result<(), RedactionError> {
        match &permit.operation().effect {
            Effect::Verify(question) => fields::threshold(question, permit.target()).map(drop),
            Effect::Read | Effect::Write => Ok(()),
        }
    }

    /// Holds an answer against the operation's contracts, and reads what has to be read.
    ///
    /// # Errors
    /// [`RedactionError::ContractBroken`] for what keeps no contract,
    /// [`RedactionError::SubjectMismatch`] for an answer about somebody else,
    /// [`RedactionError::LeakStopped`] for an identifier in a header,
    /// [`RedactionError::QuestionNotAllowed`] for a threshold that may not be asked for,
    /// [`RedactionError::Unfinished`] for a body that broke off.
    pub async fn inspect(
        &self,
        permit: &Permit,
        answer: Answer,
    ) -> Result<Inspected, RedactionError> {
        let Answer {
            status,
            headers: incoming,
            body,
            tunnel,
        } = answer;
        let operation = permit.operation();
        if let Some(tunnel) = tunnel {
            return opened(permit, status, incoming, tunnel);
        }
        let (contract, media) = head::contract(operation, status, &incoming)?;
        let headers = head::outgoing(operation, contract, &media, &incoming)?;
        let content = match &contract.mode {
            Mode::Public => Content::Public(public(operation, &media, body).await?),
            Mode::Whole { classes } => whole(permit, classes, &media, body).await?,
            Mode::Fields(map) => self.fields(permit, map, body).await?,
        };
        let subjects = match &content {
            Content::Public(_) | Content::Tunnel(_) => Vec::new(),
            Content::Whole { facets, .. } => facets.iter().take(1).map(|f| f.subject).collect(),
            Content::Fields(reading) => reading.subjects().to_vec(),
            Content::Question { facet, .. } => vec![facet.subject],
        };
        Ok(Inspected {
            visit: permit.visit(),
            status,
            headers,
            content,
            subjects,
        })
    }

    async fn fields(
        &self,
        permit: &Permit,
        map: &Arc<ClassMap>,
        body: Body,
    ) -> Result<Content, RedactionError> {
        let bytes = body.collect_up_to(map.bytes_max).await?;
        let document = json::parse(bytes, &self.settings.json).map_err(Breach::Json)?;
        let identify = |text: &str| {
            let pinfl = Pinfl::parse(text).ok()?;
            Some(Person {
                id: self.pseudonym.person(&pinfl),
                pinfl,
            })
        };
        let request = permit.subject().copied();
        let reading = Box::new(Reading::of(document, Arc::clone(map), request, &identify)?);
        let operation = permit.operation();
        match &operation.effect {
            // Another contract of the same operation, such as that of an error, has no such field.
            Effect::Verify(question) if map.entries.iter().any(|e| e.class == question.class) => {
                Ok(Content::Question {
                    threshold: fields::threshold(question, permit.target())?,
                    facet: reading.questioned(question)?,
                    question: question.clone(),
                    reading,
                })
            }
            Effect::Read | Effect::Write | Effect::Verify(_) => Ok(Content::Fields(reading)),
        }
    }
}

/// A tunnel, where the operation is one. Its head was made here, of what was agreed.
fn opened(
    permit: &Permit,
    status: u16,
    headers: HeaderMap,
    tunnel: Duplex,
) -> Result<Inspected, RedactionError> {
    if permit.operation().flow.upgrade.is_none() {
        return Err(Breach::NoContract { status }.into());
    }
    Ok(Inspected {
        visit: permit.visit(),
        status,
        headers,
        content: Content::Tunnel(tunnel),
        subjects: Vec::new(),
    })
}

/// A body that is declared to be about nobody is not searched: it is streamed as it comes, and the
/// declaration is policy, approved as policy is.
async fn public(
    operation: &Operation,
    media: &Media,
    body: Body,
) -> Result<Passing, RedactionError> {
    match operation.service.backend {
        Backend::InHouse if media.is_json() => Ok(Passing::Collected(
            body.collect_up_to(PAGE_BYTES_MAX).await?,
        )),
        Backend::InHouse | Backend::Upstream { .. } => {
            let trailers = head::trailers(operation);
            Ok(Passing::Streamed(stream::with_trailers(body, trailers)))
        }
    }
}

/// Opaque bytes about the request's person.
async fn whole(
    permit: &Permit,
    classes: &[DataClass],
    media: &Media,
    body: Body,
) -> Result<Content, RedactionError> {
    let (first, body) = stream::peek(body).await?;
    if head::is_secretly_coded(media, &first) {
        return Err(Breach::Coding.into());
    }
    let subject = permit.subject().copied().ok_or(Breach::NoSubject)?;
    let facet = |class: &DataClass| Facet {
        subject,
        class: class.clone(),
    };
    Ok(Content::Whole {
        body,
        facets: classes.iter().map(facet).collect(),
    })
}

/// An in-house answer that a page is made of.
const PAGE_BYTES_MAX: u64 = 4 * 1024 * 1024;

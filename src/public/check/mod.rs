//! The check of documents, `/verify…`: by code, by file, by digest; status list, receipts, and the
//! way from a printed access code to the document.
//!
//! What is unknown, mistyped and hidden is one answer. Nothing that is sent here is kept, followed
//! or shown again.

mod access;
mod status;
mod upload;
mod views;

use std::sync::Arc;

use bytes::Bytes;
use http::header::ALLOW;
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::domain::document::{CodeError, DocumentCode};
use crate::domain::peer::AddressBlock;
use crate::domain::text::Language;
use crate::keys::Signer;
use crate::limits::{AddressLimit, Exceeded, GuessLimit};
use crate::notary::leaf::Sha256;
use crate::notary::verdict::{Examination, Trust, Verdict, examine};
use crate::notary::{Known, Notary, NotaryError};
use crate::public::answers;
use crate::public::check::status::StatusLists;
use crate::public::check::upload::{Media, UploadError};
use crate::wire::arrival::Arrival;
use crate::wire::body::Body;
use crate::wire::pages::check::CheckTrouble;
use crate::wire::pages::wish::Wish;
use crate::wire::pages::{Frame, Pages};

/// What the check works with.
#[derive(Debug)]
pub struct Tools {
    pub notary: Arc<Notary>,
    pub pages: Arc<dyn Pages>,
    pub clock: Arc<dyn Clock>,
    /// What this deployment believes: the same file that third parties get.
    pub trust: Trust,
    /// Signs verdicts and status lists.
    pub signer: Arc<dyn Signer>,
    pub addresses: Arc<AddressLimit>,
    pub guesses: Arc<GuessLimit>,
    /// The portal's host, as people see it.
    pub host: String,
}

/// The door of the check.
#[derive(Debug)]
pub struct Check {
    tools: Tools,
    lists: StatusLists,
    /// Files that are taken in at once: each is a file's size of memory. Others wait.
    uploads: Semaphore,
    /// Files that are looked at at once: each is a processor's work. Others wait.
    examinations: Semaphore,
}

/// Why a request to the check has no verdict.
enum Trouble {
    Exceeded(Exceeded),
    Upload(UploadError),
    Method(&'static str),
    NoSuchPlace,
    Notary(NotaryError),
}

impl Check {
    #[must_use]
    pub fn new(tools: Tools) -> Self {
        Self {
            lists: StatusLists::default(),
            uploads: Semaphore::new(UPLOADS_MAX),
            examinations: Semaphore::new(EXAMINATIONS_MAX),
            tools,
        }
    }

    /// Answers a request at `/verify…`.
    pub async fn answer(&self, arrival: Arrival) -> Response<Body> {
        let wish = Wish::of(&arrival);
        let frame = self.frame(&arrival, &wish);
        let visit = arrival.visit;
        let answered = self.route(arrival, &wish, &frame).await;
        let response = answered.unwrap_or_else(|trouble| self.trouble(&trouble, &wish, &frame));
        answers::finished(response, visit, &wish.method)
    }

    async fn route(
        &self,
        arrival: Arrival,
        wish: &Wish,
        frame: &Frame,
    ) -> Result<Response<Body>, Trouble> {
        let block = AddressBlock::of(arrival.peer.address);
        self.tools
            .addresses
            .check(block)
            .await
            .map_err(Trouble::Exceeded)?;
        let path = arrival.target.path().to_owned();
        let segments: Vec<&str> = path.split('/').skip(2).collect();
        let reads = matches!(arrival.method, Method::GET | Method::HEAD);
        match (segments.as_slice(), reads) {
            ([], true) => match arrival.target.query_value("code") {
                Ok(Some(code)) => self.by_code(&code, wish, frame).await,
                Ok(None) | Err(_) => Ok(self.form(None, wish, frame)),
            },
            ([], false) if arrival.method == Method::POST => {
                self.by_upload(arrival, wish, frame).await
            }
            (["status"], true) => self.status().await,
            ([code], true) => self.by_code(code, wish, frame).await,
            ([code, "receipt"], true) => self.receipt(code).await,
            ([code, "access"], false) if arrival.method == Method::POST => {
                let code = (*code).to_owned();
                self.access(&code, arrival, block, wish, frame).await
            }
            ([] | [_, "access"], _) => Err(Trouble::Method("GET, HEAD, POST")),
            ([_] | [_, "receipt"], _) => Err(Trouble::Method("GET, HEAD")),
            _ => Err(Trouble::NoSuchPlace),
        }
    }

    /// What a code alone says: that there is such a document, and how it stands.
    async fn by_code(
        &self,
        typed: &str,
        wish: &Wish,
        frame: &Frame,
    ) -> Result<Response<Body>, Trouble> {
        let known = self.known(DocumentCode::parse(typed)).await?;
        Ok(match known {
            Some(known) => {
                let verdict = Verdict::of_known(&known, self.tools.clock.now());
                self.told(&verdict, Some(&known), wish, frame)
            }
            None => self.unknown(wish, frame),
        })
    }

    /// The same work for a code that reads and one that does not.
    async fn known(&self, code: Result<DocumentCode, CodeError>) -> Result<Option<Known>, Trouble> {
        let looked_for = code.unwrap_or(DocumentCode::from_bytes([0; 16]));
        let found = self.tools.notary.by_code(looked_for).await;
        Ok(found.map_err(Trouble::Notary)?.filter(|_| code.is_ok()))
    }

    async fn by_upload(
        &self,
        arrival: Arrival,
        wish: &Wish,
        frame: &Frame,
    ) -> Result<Response<Body>, Trouble> {
        let media = Media::of(&arrival.headers).ok_or(Trouble::Upload(UploadError::Media))?;
        if media == Media::Json {
            return self.by_digest(arrival.body, wish, frame).await;
        }
        let place = self.uploads.acquire().await;
        let file = upload::file(&media, arrival.body).await;
        let file = file.map_err(Trouble::Upload)?;
        let turn = self.examinations.acquire().await;
        let (verdict, known) = self.examined(file).await?;
        drop((turn, place));
        Ok(self.told(&verdict, known.as_ref(), wish, frame))
    }

    /// What a file says, and what the index adds to it.
    async fn examined(&self, file: Bytes) -> Result<(Verdict, Option<Known>), Trouble> {
        let (trust, now) = (self.tools.trust.clone(), self.tools.clock.now());
        let looked = tokio::task::spawn_blocking(move || examine(&file, &trust, now));
        let examination = looked
            .await
            .map_err(|_| Trouble::Notary(NotaryError::CutOff))?;
        let known = match &examination {
            Examination::Sealed(facts) => {
                let found = self.tools.notary.by_content(facts.content).await;
                found
                    .map_err(Trouble::Notary)?
                    .filter(|known| known.commitment == facts.commitment)
            }
            Examination::Altered(_) | Examination::Foreign(_) | Examination::Unsigned(_) => None,
        };
        let verdict = Verdict::of_examination(&examination, known.as_ref(), now);
        Ok((verdict, known))
    }

    /// A digest says genuine only of a whole file as it was handed out.
    async fn by_digest(
        &self,
        body: Body,
        wish: &Wish,
        frame: &Frame,
    ) -> Result<Response<Body>, Trouble> {
        let body = upload::collect(body, DIGEST_BYTES_MAX).await;
        let digest = digest(&body.map_err(Trouble::Upload)?);
        let digest = digest.ok_or(Trouble::Upload(UploadError::Form))?;
        let found = self.tools.notary.by_file(digest).await;
        let known = found.map_err(Trouble::Notary)?;
        Ok(match &known {
            Some(known) => {
                let verdict = Verdict::of_file(known, self.tools.clock.now());
                self.told(&verdict, Some(known), wish, frame)
            }
            None => self.unknown(wish, frame),
        })
    }

    async fn receipt(&self, typed: &str) -> Result<Response<Body>, Trouble> {
        let known = self.known(DocumentCode::parse(typed)).await?;
        Ok(match known {
            Some(known) => answers::json(StatusCode::OK, &views::receipt(&known)),
            None => answers::unknown(),
        })
    }

    async fn status(&self) -> Result<Response<Body>, Trouble> {
        let tools = &self.tools;
        let list = self
            .lists
            .current(
                &tools.notary,
                tools.signer.as_ref(),
                &tools.trust.portal,
                tools.clock.now(),
            )
            .await;
        Ok(answers::status_list(list.map_err(Trouble::Notary)?))
    }

    fn told(
        &self,
        verdict: &Verdict,
        known: Option<&Known>,
        wish: &Wish,
        frame: &Frame,
    ) -> Response<Body> {
        let tools = &self.tools;
        let jws = verdict.sign(
            tools.signer.as_ref(),
            &tools.trust.portal,
            tools.clock.now(),
        );
        if wish.wants_page() {
            let view = views::verdict(verdict, known, jws.ok(), &tools.host);
            return answers::page(StatusCode::OK, tools.pages.verdict(&view, frame));
        }
        let mut told = verdict.to_json();
        if let (Ok(jws), Some(members)) = (jws, told.as_object_mut()) {
            members.insert("jws".to_owned(), Value::String(jws));
        }
        answers::json(StatusCode::OK, &told)
    }

    /// One answer for what is unknown, mistyped and hidden: nothing of what was asked is in it.
    fn unknown(&self, wish: &Wish, frame: &Frame) -> Response<Body> {
        if !wish.wants_page() {
            return answers::unknown();
        }
        let frame = Frame {
            path_and_query: match frame.path_and_query.split_once('?') {
                Some((_, query)) => format!("{ROOT}?{query}"),
                None => ROOT.to_owned(),
            },
            ..frame.clone()
        };
        let view = views::unknown(&self.tools.host);
        answers::page(
            StatusCode::NOT_FOUND,
            self.tools.pages.verdict(&view, &frame),
        )
    }

    fn form(&self, trouble: Option<CheckTrouble>, wish: &Wish, frame: &Frame) -> Response<Body> {
        if !wish.wants_page() {
            return answers::json(StatusCode::OK, &views::ways());
        }
        let view = views::form(&self.tools.host, trouble);
        answers::page(StatusCode::OK, self.tools.pages.check(&view, frame))
    }

    fn trouble(&self, trouble: &Trouble, wish: &Wish, frame: &Frame) -> Response<Body> {
        let (status, code, shown) = match trouble {
            Trouble::Exceeded(exceeded) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                Some(CheckTrouble::TooManyRequests {
                    retry_after_seconds: exceeded.retry_after_seconds,
                }),
            ),
            Trouble::Upload(UploadError::TooLarge) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                Some(CheckTrouble::FileTooLarge),
            ),
            Trouble::Upload(UploadError::Media) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                None,
            ),
            Trouble::Upload(_) => (
                StatusCode::BAD_REQUEST,
                "bad_request",
                Some(CheckTrouble::NoFile),
            ),
            Trouble::Method(_) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", None),
            Trouble::NoSuchPlace => (StatusCode::NOT_FOUND, "unknown_operation", None),
            Trouble::Notary(_) => (StatusCode::SERVICE_UNAVAILABLE, "notary_unavailable", None),
        };
        if let Trouble::Notary(cause) = trouble {
            tracing::error!(target: "muhrdor::check", %cause, "a check has no verdict");
        }
        let mut response = match shown {
            Some(shown) if wish.wants_page() => {
                let mut page = self.form(Some(shown), wish, frame);
                *page.status_mut() = status;
                page
            }
            Some(_) | None => answers::refused(status, code),
        };
        let headers = response.headers_mut();
        if let Trouble::Exceeded(exceeded) = trouble {
            exceeded.tell(headers);
        }
        if let Trouble::Method(allow) = trouble {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        response
    }

    fn frame(&self, arrival: &Arrival, wish: &Wish) -> Frame {
        Frame {
            language: wish.language,
            path_and_query: place(arrival),
            visit: arrival.visit,
            account: None,
            now: self.tools.clock.now(),
        }
    }
}

/// Where a page of the check is found again: made anew, so that nothing that was asked for comes
/// back but a code that reads, and the language.
fn place(arrival: &Arrival) -> String {
    let target = &arrival.target;
    let named = target.query_value("code").ok().flatten();
    let last = target.path().split('/').nth(2).map(Into::into);
    let code = match arrival.method {
        Method::GET | Method::HEAD => named.or(last),
        _ => None,
    };
    let place = match code.map(|code| DocumentCode::parse(&code)) {
        Some(Ok(code)) => format!("{ROOT}/{code}"),
        Some(Err(_)) | None => ROOT.to_owned(),
    };
    let language = target.query_value("lang").ok().flatten();
    match language.and_then(|tag| Language::from_tag(&tag)) {
        Some(language) => format!("{place}?lang={}", language.tag()),
        None => place,
    }
}

/// `{"digest": "64 hexadecimal digits"}`, SHA-256 of a whole file.
fn digest(body: &[u8]) -> Option<Sha256> {
    let told: Value = serde_json::from_slice(body).ok()?;
    let hex = told.get("digest")?.as_str()?;
    let mut digest = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?;
    }
    Some(Sha256(digest))
}

const ROOT: &str = "/verify";
const UPLOADS_MAX: usize = 32;
const EXAMINATIONS_MAX: usize = 4;
const DIGEST_BYTES_MAX: u64 = 1024;

//! The only place where a response for an e-service is built.
//!
//! A reply takes a proof that its outcome is recorded, of the same visit and over the same bytes.
//! [`Reply::unavailable`] alone takes none, and carries nothing.

use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_LANGUAGE,
    CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
    SEC_WEBSOCKET_VERSION, SET_COOKIE, STRICT_TRANSPORT_SECURITY, UPGRADE, VARY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::domain::decision::Hint;
use crate::domain::entry::VisitId;
use crate::domain::flow::{EVENTS, GRPC};
use crate::domain::reason::Reason;
use crate::gateway::lasting::{End, Lasting};
use crate::gateway::refusal::Refusal;
use crate::journal::{JournalError, Recorded};
use crate::limits::{self, Allowance, Exceeded};
use crate::redaction::{Disclosure, DisclosureMode};
use crate::wire::answer::Lasts;
use crate::wire::body::Body;
use crate::wire::grpc::Status;
use crate::wire::pages::wish::{Wish, WishForm};
use crate::wire::pages::{PAGE_HEADERS, Page};
use crate::wire::tunnel::duplex::Duplex;
use crate::wire::tunnel::handshake;

/// The request's number, told with every answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("muhrdor-request-id");

/// How long a browser remembers that this host speaks TLS only, in seconds (RFC 6797).
const HSTS: &str = "max-age=31536000";

/// A response that may go out.
#[derive(Debug)]
#[must_use]
pub struct Reply {
    visit: VisitId,
    response: Response<Body>,
    tunnel: Option<Duplex>,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a proof is used up by the reply it lets out"
)]
impl Reply {
    /// What may leave, once that is recorded. `page` takes the place of in-house JSON; `origin` is
    /// the origin that may read it.
    ///
    /// # Errors
    /// `internal` when record and disclosure are of two visits or over other bytes, or when what is
    /// about somebody was not recorded.
    pub fn disclose(
        disclosure: Disclosure,
        recorded: Recorded,
        page: Option<Page>,
        origin: Option<HeaderValue>,
    ) -> Result<Self, Refusal> {
        let visit = disclosure.visit();
        let exempt = matches!(disclosure.mode(), DisclosureMode::Public);
        let agree = recorded.visit() == visit
            && if recorded.is_durable() {
                recorded.digest() == disclosure.digest()
            } else {
                exempt
            };
        if !agree {
            return Err(Refusal::new(
                Reason::Internal,
                "the record is not of this disclosure",
            ));
        }
        let (status, headers, body, tunnel) = disclosure.into_parts();
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = headers;
        if let Some(page) = page {
            dress(&mut response, page);
        }
        if let Some(origin) = origin {
            response
                .headers_mut()
                .insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response
                .headers_mut()
                .append(VARY, HeaderValue::from_static("origin"));
        }
        Ok(Self {
            visit,
            response,
            tunnel,
        })
    }

    /// A no: a page for a person, problem+json (RFC 9457) for a program.
    pub(super) fn refuse(
        refusal: &Refusal,
        recorded: Recorded,
        page: Option<Page>,
        wish: &Wish,
    ) -> Self {
        let visit = recorded.visit();
        let reason = refusal.reason();
        let mut response = match wish.form {
            WishForm::Call => uncalled(reason),
            WishForm::Page | WishForm::Data => problem(reason, visit, refusal.hint()),
        };
        if let Some(page) = page {
            dress(&mut response, page);
        }
        let headers = response.headers_mut();
        if let Some(seconds) = refusal.retry_after_seconds() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = refusal
            .allow()
            .and_then(|allow| HeaderValue::from_str(allow).ok())
        {
            headers.insert(ALLOW, allow);
        }
        if reason == Reason::UpgradeNeeded {
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            let version = HeaderValue::from_static(handshake::VERSION);
            headers.insert(SEC_WEBSOCKET_VERSION, version);
        }
        if let Some(challenge) = challenge(refusal) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        let may_redirect = reason == Reason::SignInNeeded && wish.wants_page();
        if may_redirect
            && wish.method == Method::GET
            && let Ok(start) = HeaderValue::from_str(&wish.sign_in())
        {
            headers.insert(LOCATION, start);
            *response.status_mut() = StatusCode::FOUND;
        }
        Self::of(visit, response)
    }

    /// The journal cannot be written: no data, no record, nothing but the number and why.
    pub fn unavailable(visit: VisitId, cause: &JournalError) -> Self {
        Self::of(visit, problem(cause.reason(), visit, None))
    }

    /// To another place, for signing in and coming back.
    ///
    /// # Errors
    /// `internal` when the place is no field value.
    pub(super) fn redirect(recorded: Recorded, location: &str) -> Result<Self, Refusal> {
        let location = HeaderValue::from_str(location)
            .map_err(|cause| Refusal::new(Reason::Internal, cause.to_string()))?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        let headers = response.headers_mut();
        headers.insert(LOCATION, location);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(Self::of(recorded.visit(), response))
    }

    /// A page of signing in or out.
    pub(super) fn page(recorded: Recorded, page: Page) -> Self {
        let mut response = Response::new(Body::empty());
        dress(&mut response, page);
        Self::of(recorded.visit(), response)
    }

    /// What a script is told of a session.
    pub(super) fn json(recorded: Recorded, told: &Value) -> Self {
        let mut response = Response::new(Body::full(told.to_string()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Self::of(recorded.visit(), response)
    }

    const fn of(visit: VisitId, response: Response<Body>) -> Self {
        Self {
            visit,
            response,
            tunnel: None,
        }
    }

    /// The reply, whose body or tunnel lasts no longer than this where it lasts.
    pub(super) fn lasting(mut self, lasting: Option<Box<Lasting>>) -> Self {
        let Some(lasting) = lasting else {
            return self;
        };
        if let Some(tunnel) = self.tunnel.take() {
            let carrier = lasting.carry(tunnel);
            self.response.extensions_mut().insert(carrier);
            return self;
        }
        let is_events = |media: &HeaderValue| media.as_bytes().starts_with(EVENTS.as_bytes());
        let media = self.response.headers().get(CONTENT_TYPE);
        let is_call = media.is_some_and(|media| media.as_bytes() == GRPC.as_bytes());
        if media.is_some_and(is_events) {
            let lasts = Lasts::default();
            self.response.extensions_mut().insert(lasts.clone());
            let hold = |body| lasting.hold(body, End::Quiet, lasts);
            self.response = self.response.map(hold);
        } else if is_call {
            // A call has an end of its own, and cut short it has none that a caller understands.
            let hold = |body| lasting.hold(body, End::Call, Lasts::default());
            self.response = self.response.map(hold);
        }
        self
    }

    /// The reply with these `Set-Cookie` fields.
    pub(super) fn with_cookies(mut self, cookies: Vec<HeaderValue>) -> Self {
        for cookie in cookies {
            self.response.headers_mut().append(SET_COOKIE, cookie);
        }
        self
    }

    /// The reply with what is left of the limits that were counted, the one that was met last.
    pub(super) fn counted(mut self, allowances: &[Allowance], met: Option<&Exceeded>) -> Self {
        let met = met.map(|exceeded| exceeded.allowance);
        let all: Vec<Allowance> = allowances.iter().copied().chain(met).collect();
        limits::tell(&all, self.response.headers_mut());
        self
    }

    /// The response as it goes out; HEAD has the head of GET and no body (RFC 9110 §9.3.2).
    #[must_use]
    pub fn into_response(self, method: &Method) -> Response<Body> {
        let mut response = self.response;
        let headers = response.headers_mut();
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Ok(number) = HeaderValue::try_from(self.visit.to_string()) {
            headers.insert(REQUEST_ID, number);
        }
        if *method == Method::HEAD {
            let length = http_body::Body::size_hint(response.body()).exact();
            if let Some(length) = length {
                response
                    .headers_mut()
                    .insert(CONTENT_LENGTH, HeaderValue::from(length));
            }
            *response.body_mut() = Body::empty();
        }
        response
    }
}

/// Puts a page in the place of the body, with the fields every page has.
pub(super) fn dress(response: &mut Response<Body>, page: Page) {
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    for (name, value) in PAGE_HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    headers.insert(
        CONTENT_LANGUAGE,
        HeaderValue::from_static(page.language.tag()),
    );
    *response.body_mut() = Body::full(page.html);
}

/// The outcome of a call of gRPC that was refused: an answer without messages.
fn uncalled(reason: Reason) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = Status::of(reason).fields(reason.code());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(GRPC));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// RFC 9457, with the stable code and the request's number; the same for every path.
fn problem(reason: Reason, visit: VisitId, hint: Option<&Hint>) -> Response<Body> {
    let status = StatusCode::from_u16(reason.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut members = json!({
        "type": format!("urn:muhrdor:reason:{}", reason.code()),
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "code": reason.code(),
        "request_id": visit.to_string(),
    });
    if let (Some(hint), Some(members)) = (hint, members.as_object_mut()) {
        members.insert("hint".to_owned(), json!(hint));
    }
    let mut response = Response::new(Body::full(members.to_string()));
    *response.status_mut() = status;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What a 401 or a lack of scope challenges with (RFC 6750 §3, RFC 9470 §3).
fn challenge(refusal: &Refusal) -> Option<HeaderValue> {
    let text = match refusal.reason() {
        Reason::SignInNeeded => "Bearer".to_owned(),
        Reason::InvalidToken => "Bearer error=\"invalid_token\"".to_owned(),
        Reason::InsufficientScope => "Bearer error=\"insufficient_scope\"".to_owned(),
        Reason::StrongerSignInNeeded => {
            let error = "Bearer error=\"insufficient_user_authentication\"";
            match refusal.hint() {
                Some(Hint::StepUp(rank)) => format!("{error}, acr_values=\"{rank}\""),
                Some(Hint::Justify | Hint::Case | Hint::Approve | Hint::Consent) | None => {
                    error.to_owned()
                }
            }
        }
        _ => return None,
    };
    HeaderValue::from_str(&text).ok()
}

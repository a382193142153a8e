//! What a page needs to be told: the corridor says it, the console makes the page.
//!
//! The corridor may not know how a page looks, and the console may not know when one is due; this
//! is the seam between them. A view holds what may be shown and nothing else.

pub mod check;
pub mod wish;

use std::fmt::Debug;

use crate::domain::decision::Hint;
use crate::domain::entry::VisitId;
use crate::domain::name::{OperationId, RealmId};
use crate::domain::principal::{DisplayName, PrincipalKind};
use crate::domain::purpose::Claim;
use crate::domain::reason::Reason;
use crate::domain::text::{Language, Texts};
use crate::domain::time::Timestamp;
use crate::wire::pages::check::{CheckView, VerdictView};

/// The policy of every page (CSP 3): everything from this host, no script, nothing inline, in no
/// frame. `form-action` also binds redirects that follow a form, so sign-in begins with a link.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The fields of every page, besides its language.
///
/// `same-origin` rather than `no-referrer`: under the latter a browser sends `Origin: null` with
/// the portal's own forms, and the same-origin check would refuse them.
pub const PAGE_HEADERS: [(&str, &str); 7] = [
    ("content-type", "text/html; charset=utf-8"),
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
];

/// An asset's path holds its digest: it never changes, anyone may keep it.
pub const ASSET_CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// Makes pages. Does no IO, keeps nothing of what it is shown, may be called concurrently. What a
/// view holds is text, never markup: whatever it says is shown as written.
pub trait Pages: Send + Sync + Debug {
    /// The page of a no.
    fn refusal(&self, view: &RefusalView, frame: &Frame) -> Page;

    /// The page on which a person says how they want to sign in, and where they go then: an
    /// origin-form target of this portal.
    fn chooser(&self, realms: &[RealmChoice], return_to: &str, frame: &Frame) -> Page;

    /// The page after signing out. `at_provider` is where the session at the sign-in provider can
    /// be ended too.
    fn signed_out(&self, at_provider: Option<&str>, frame: &Frame) -> Page;

    /// The page on which a check of a document begins.
    fn check(&self, view: &CheckView, frame: &Frame) -> Page;

    /// The page of what came of a check.
    fn verdict(&self, view: &VerdictView, frame: &Frame) -> Page;

    /// The page of an in-house operation, from the JSON that redaction let through; members may be
    /// missing. `None` when the operation has no page, or the JSON is not what it answers.
    fn operation(&self, operation: &OperationId, json: &[u8], frame: &Frame) -> Option<Page>;

    /// A style sheet or picture by its path; the only things a page asks for besides itself.
    fn asset(&self, path: &str) -> Option<Asset>;
}

/// A finished page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub html: String,
    /// What `Content-Language` says.
    pub language: Language,
}

/// A file that pages refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    pub content_type: &'static str,
    pub bytes: &'static [u8],
}

/// What is around every page: for whom, in which language, at which address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub language: Language,
    /// The page's own origin-form target: the language switch leads back to it. `/` where the
    /// target could not be read.
    pub path_and_query: String,
    /// The request's number, for the help desk.
    pub visit: VisitId,
    /// Who is signed in, where someone is.
    pub account: Option<Account>,
    pub now: Timestamp,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub name: DisplayName,
    pub kind: PrincipalKind,
    /// What an official works on, as they said last.
    pub working: Claim,
}

/// A no, as far as the person may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalView {
    pub reason: Reason,
    pub hint: Option<Hint>,
    pub retry_after_seconds: Option<u32>,
    /// The e-service that was asked for, by its name.
    pub service: Option<Texts>,
    /// Where the person wanted to go, as an origin-form target; for the way back after signing in.
    pub return_to: Option<String>,
}

impl RefusalView {
    /// A no of which only the reason is known.
    #[must_use]
    pub const fn of(reason: Reason) -> Self {
        Self {
            reason,
            hint: None,
            retry_after_seconds: None,
            service: None,
            return_to: None,
        }
    }
}

/// A way to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealmChoice {
    pub realm: RealmId,
    /// Whom it is for.
    pub kind: PrincipalKind,
    /// What the deployment calls it, where it has two of a kind.
    pub names: Option<Texts>,
}

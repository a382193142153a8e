//! How a client wants to be answered: a page for a person, problem+json for a program.

use http::header::{self, HeaderName};
use http::{HeaderMap, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::text::Language;
use crate::wire::arrival::Arrival;
use crate::wire::grpc;

/// Longest `Accept-Language` looked at, in bytes.
const ACCEPT_LANGUAGE_BYTES_MAX: usize = 256;

static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// How a client wants to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub form: WishForm,
    pub language: Language,
    pub method: Method,
    /// Path and query, for the way back after sign-in and for the language switch.
    pub path_and_query: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WishForm {
    /// A person's browser goes to a page.
    Page,
    /// A script or a program.
    Data,
    /// A call of gRPC, which is told its outcome in its own way.
    Call,
}

impl Wish {
    pub fn of(arrival: &Arrival) -> Self {
        Self {
            form: match arrival.upgrade {
                Some(_) => WishForm::Data,
                None => form(&arrival.headers),
            },
            language: language(arrival),
            method: arrival.method.clone(),
            path_and_query: arrival.target.origin_form(),
        }
    }

    /// Where a person goes to sign in and come back.
    pub fn sign_in(&self) -> String {
        let back = utf8_percent_encode(&self.path_and_query, NON_ALPHANUMERIC);
        format!("/oauth2/start?rd={back}")
    }

    pub fn wants_page(&self) -> bool {
        self.form == WishForm::Page
    }
}

/// A fetch says what it is (Fetch Metadata); for others, who asks for HTML gets it.
fn form(headers: &HeaderMap) -> WishForm {
    if grpc::is_call(headers) {
        return WishForm::Call;
    }
    let text = |name: &HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    if headers.contains_key(&X_REQUESTED_WITH) {
        return WishForm::Data;
    }
    if text(&SEC_FETCH_MODE).is_some_and(|mode| mode != "navigate") {
        return WishForm::Data;
    }
    let asks_html = text(&header::ACCEPT).is_some_and(|accept| {
        accept.split(',').any(|range| {
            let media = range.split(';').next().unwrap_or_default().trim();
            media.eq_ignore_ascii_case("text/html")
        })
    });
    if asks_html {
        WishForm::Page
    } else {
        WishForm::Data
    }
}

/// `?lang=` first, then the first language of `Accept-Language` that the portal speaks.
fn language(arrival: &Arrival) -> Language {
    if let Ok(Some(tag)) = arrival.target.query_value("lang")
        && let Some(language) = Language::from_tag(&tag)
    {
        return language;
    }
    let accepted = arrival
        .headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .filter(|value| value.len() <= ACCEPT_LANGUAGE_BYTES_MAX)
        .unwrap_or_default();
    accepted
        .split(',')
        .filter_map(|range| range.split(';').next())
        .find_map(|tag| spoken(tag.trim()))
        .unwrap_or_default()
}

/// The portal's language for a tag of the client's: `uz`, `uz-UZ` are Latin, `ru-RU` is Russian.
fn spoken(tag: &str) -> Option<Language> {
    if let Some(language) = Language::from_tag(tag) {
        return Some(language);
    }
    match tag.split('-').next()?.to_ascii_lowercase().as_str() {
        "uz" => Some(Language::UzLatn),
        "ru" => Some(Language::Ru),
        "en" => Some(Language::En),
        _ => None,
    }
}

//! What a browser is told before a script of another origin may call.

use crate::domain::service::Service;

/// The answer to a preflight that is granted. Credentials are not: a script of another origin
/// brings a token, never the portal's cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preflight {
    /// `Access-Control-Allow-Origin`: one of the register's, byte for byte.
    pub origin: String,
    /// `Access-Control-Allow-Methods`.
    pub methods: &'static str,
    /// `Access-Control-Allow-Headers`.
    pub headers: &'static str,
    /// `Access-Control-Max-Age`.
    pub age_seconds_max: u32,
}

impl Preflight {
    pub(super) fn grant(service: &Service, origin: &str) -> Option<Self> {
        let allowed = service
            .cors_origins
            .iter()
            .find(|allowed| *allowed == origin)?;
        Some(Self {
            origin: allowed.clone(),
            methods: METHODS,
            headers: HEADERS,
            age_seconds_max: AGE_SECONDS_MAX,
        })
    }
}

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const HEADERS: &str = "authorization, content-type, muhrdor-purpose, muhrdor-case";
const AGE_SECONDS_MAX: u32 = 600;

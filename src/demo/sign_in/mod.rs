//! The demo's sign-in server: an OIDC provider with two realms, each an issuer of its own.
//!
//! Answers: who is this, as far as a password can say? In: authorization requests (OIDC
//! Core §3.1, PKCE by S256 only, RFC 7636), a login and a password, codes, client credentials
//! (RFC 6749 §4.4). Out: ES256 ID tokens, access tokens of systems (RFC 9068), user info.
//! Invariants: a code is good once, for a minute, for the client, address and verifier it was made
//! for; redirect addresses are compared byte for byte; keys live as long as the process.
//! Deliberately absent: a session of its own (every sign-in asks for the password), refresh tokens,
//! consent pages.

mod authorize;
mod clients;
mod form;
mod grants;
mod page;
mod token;

use std::sync::Arc;

use http::{Method, Response, StatusCode};
use ring::rand::SystemRandom;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::demo::error::DemoError;
use crate::demo::folder::Folder;
use crate::demo::http::{Asked, Site, json as json_answer, page as page_answer, redirect, text};
use crate::demo::jws::SigningKey;
use crate::demo::people::{Account, Realm, official, person};
use crate::demo::sign_in::clients::Clients;
use crate::demo::sign_in::form::Form;
use crate::demo::sign_in::grants::Grants;
use crate::domain::time::Timestamp;
use crate::wire::body::Body;

/// The provider.
#[derive(Debug)]
pub struct Provider {
    /// `http://127.0.0.1:8450`, without a path.
    origin: String,
    /// What access tokens of systems are for: the portal's origin.
    audience: String,
    clients: Clients,
    applicants: SigningKey,
    officials: SigningKey,
    grants: Grants,
    random: SystemRandom,
    clock: Arc<dyn Clock>,
}

impl Provider {
    /// A provider that is reached at `origin` and signs people in to `portal`; its clients' secrets
    /// are those of the data folder.
    ///
    /// # Errors
    /// When a secret cannot be read or a key cannot be made.
    pub fn new(
        origin: String,
        portal: &str,
        folder: &Folder,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DemoError> {
        let random = SystemRandom::new();
        Ok(Self {
            origin,
            audience: portal.to_owned(),
            clients: Clients::read(folder, portal)?,
            applicants: SigningKey::generate(&random)?,
            officials: SigningKey::generate(&random)?,
            grants: Grants::default(),
            random,
            clock,
        })
    }

    fn issuer(&self, realm: Realm) -> String {
        format!("{}/{}", self.origin, realm.as_str())
    }

    const fn key(&self, realm: Realm) -> &SigningKey {
        match realm {
            Realm::Applicants => &self.applicants,
            Realm::Officials => &self.officials,
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// OIDC Discovery 1.0 §3.
    fn discovery(&self, realm: Realm) -> Value {
        let issuer = self.issuer(realm);
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "end_session_endpoint": format!("{issuer}/end_session"),
            "jwks_uri": format!("{issuer}/jwks"),
            "scopes_supported": ["openid", "profile"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
            "acr_values_supported": ["1", "2"],
            "claims_supported": [
                "sub", "name", "pinfl", "agency", "position", "acr", "amr", "auth_time", "sid",
            ],
        })
    }

    /// OIDC RP-Initiated Logout 1.0 §2. There is no session here to end.
    fn end_session(&self, asked: &Asked) -> Response<Body> {
        let form = if asked.method == Method::POST {
            Form::of_body(&asked.body)
        } else {
            Form::of_pairs(asked.query.clone())
        };
        let Some(wanted) = form.one("post_logout_redirect_uri") else {
            return page_answer(StatusCode::OK, page::signed_out());
        };
        if !self.clients.knows_sign_out_address(wanted) {
            let refused = page::refused("the address to return to is not registered");
            return page_answer(StatusCode::BAD_REQUEST, refused);
        }
        match form.one("state") {
            Some(state) => redirect(&form::with_query(wanted, &[("state", state)])),
            None => redirect(wanted),
        }
    }

    /// OIDC Core §5.3.
    fn user_info(&self, realm: Realm, asked: &Asked) -> Response<Body> {
        let token = asked
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        let account = token.and_then(|token| self.grants.account(realm, token, self.now()));
        let Some(account) = account else {
            return token::challenge(StatusCode::UNAUTHORIZED, "Bearer", "invalid_token");
        };
        json_answer(StatusCode::OK, &Value::Object(claims_of(account)))
    }
}

impl Site for Provider {
    async fn answer(&self, asked: Asked) -> Response<Body> {
        let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
        let Some((realm, path)) = segments.split_first() else {
            return text(StatusCode::NOT_FOUND, "nothing is here");
        };
        let Some(realm) = Realm::from_name(realm) else {
            return text(StatusCode::NOT_FOUND, "no such realm");
        };
        match (asked.method.as_str(), path) {
            ("GET", [".well-known", "openid-configuration"]) => {
                json_answer(StatusCode::OK, &self.discovery(realm))
            }
            ("GET", ["jwks"]) => {
                json_answer(StatusCode::OK, &json!({ "keys": [self.key(realm).jwk()] }))
            }
            ("GET" | "POST", ["authorize"]) => self.authorize(realm, &asked),
            ("POST", ["token"]) => self.token(realm, &asked),
            ("GET" | "POST", ["userinfo"]) => self.user_info(realm, &asked),
            ("GET" | "POST", ["end_session"]) => self.end_session(&asked),
            _ => text(StatusCode::NOT_FOUND, "nothing is here"),
        }
    }
}

/// What the realm says of an account: as claims of its ID token and as user info.
fn claims_of(account: &Account) -> serde_json::Map<String, Value> {
    let mut claims = serde_json::Map::new();
    let mut say = |name: &str, value: &str| {
        claims.insert(name.to_owned(), Value::String(value.to_owned()));
    };
    // An applicant's subject is the login: the number is a claim, not a name.
    say("sub", account.official.unwrap_or(account.login));
    say("pinfl", account.pinfl);
    if let Some(person) = person(account.pinfl) {
        say("name", person.name);
    }
    if let Some(official) = account.official.and_then(official) {
        say("agency", official.agency);
        say("position", official.position);
    }
    claims
}

//! The authorization endpoint: one sign-in, from the request to the code.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, Response, StatusCode};
use ring::digest::{SHA256, digest};
use ring::rand::SecureRandom;

use crate::demo::http::{Asked, page as page_answer, redirect};
use crate::demo::people::{ACCOUNTS, Account, Realm};
use crate::demo::sign_in::form::{Form, with_query};
use crate::demo::sign_in::grants::Grant;
use crate::demo::sign_in::{Provider, page};
use crate::wire::body::Body;

/// An authorization request that may be answered.
struct Request<'a> {
    client: &'a str,
    redirect_uri: &'a str,
    state: Option<&'a str>,
    nonce: Option<&'a str>,
    challenge: &'a str,
    scope: &'a str,
}

/// Why a request is not answered, and where that is said.
enum Stop {
    /// To the person: there is no address that may be trusted.
    Here(&'static str),
    /// To the client, by its address (RFC 6749 §4.1.2.1).
    There(&'static str, &'static str),
}

impl Provider {
    /// GET shows the form; POST is the filled form, with the request carried along in it.
    pub(super) fn authorize(&self, realm: Realm, asked: &Asked) -> Response<Body> {
        let filled = asked.method == Method::POST;
        let form = if filled {
            Form::of_body(&asked.body)
        } else {
            Form::of_pairs(asked.query.clone())
        };
        let request = match self.read(&form) {
            Ok(request) => request,
            Err(Stop::Here(why)) => {
                return page_answer(StatusCode::BAD_REQUEST, page::refused(why));
            }
            Err(Stop::There(error, why)) => {
                let address = form.one("redirect_uri").unwrap_or_default();
                return self.send_back(
                    realm,
                    address,
                    form.one("state"),
                    &[("error", error), ("error_description", why)],
                );
            }
        };
        if !filled || form.one("login").is_none() && form.one("cancel").is_none() {
            return page_answer(
                StatusCode::OK,
                page::sign_in(realm, &request.hidden(), None),
            );
        }
        if form.one("cancel").is_some() {
            let cancelled = [("error", "access_denied")];
            return self.send_back(realm, request.redirect_uri, request.state, &cancelled);
        }
        let login = form.one("login").unwrap_or_default();
        let password = form.one("password").unwrap_or_default();
        let Some(account) = account(realm, login, password) else {
            let message = "Login yoki parol noto‘g‘ri. · The login or the password is wrong.";
            let again = page::sign_in(realm, &request.hidden(), Some(message));
            return page_answer(StatusCode::OK, again);
        };
        self.grant(realm, &request, account)
    }

    fn read<'a>(&self, form: &'a Form) -> Result<Request<'a>, Stop> {
        if form.repeats(&CARRIED) {
            return Err(Stop::Here("a parameter stands twice"));
        }
        let client = form
            .one("client_id")
            .ok_or(Stop::Here("no client is named"))?;
        let redirect_uri = form
            .one("redirect_uri")
            .filter(|address| self.clients.knows_callback(client, address))
            .ok_or(Stop::Here("the client or its address is not registered"))?;
        let wrong = |why| Stop::There("invalid_request", why);
        if form.one("response_type") != Some("code") {
            return Err(Stop::There(
                "unsupported_response_type",
                "only code is possible",
            ));
        }
        let scope = form.one("scope").unwrap_or_default();
        if !scope.split(' ').any(|one| one == "openid") {
            return Err(Stop::There("invalid_scope", "openid is needed"));
        }
        if form.one("code_challenge_method") != Some("S256") {
            return Err(wrong("PKCE with S256 is needed"));
        }
        let challenge = form
            .one("code_challenge")
            .filter(|given| {
                URL_SAFE_NO_PAD
                    .decode(given)
                    .is_ok_and(|bytes| bytes.len() == 32)
            })
            .ok_or_else(|| wrong("code_challenge is not a SHA-256 digest"))?;
        if form.one("prompt") == Some("none") {
            return Err(Stop::There(
                "login_required",
                "every sign-in asks for the password",
            ));
        }
        Ok(Request {
            client,
            redirect_uri,
            state: form.one("state"),
            nonce: form.one("nonce"),
            challenge,
            scope,
        })
    }

    fn grant(
        &self,
        realm: Realm,
        request: &Request<'_>,
        account: &'static Account,
    ) -> Response<Body> {
        let now = self.now();
        let grant = Grant {
            realm,
            account,
            client: request.client.to_owned(),
            redirect_uri: request.redirect_uri.to_owned(),
            challenge: request.challenge.to_owned(),
            nonce: request.nonce.map(str::to_owned),
            authenticated_at: now,
        };
        let kept = self
            .fresh()
            .and_then(|code| self.grants.keep(&code, grant, now).map(|()| code));
        let outcome = match &kept {
            Some(code) => [("code", code.as_str())],
            None => [("error", "temporarily_unavailable")],
        };
        self.send_back(realm, request.redirect_uri, request.state, &outcome)
    }

    /// Back to the client, with who says so (RFC 9207).
    fn send_back(
        &self,
        realm: Realm,
        address: &str,
        state: Option<&str>,
        outcome: &[(&str, &str)],
    ) -> Response<Body> {
        let issuer = self.issuer(realm);
        let mut parameters = outcome.to_vec();
        if let Some(state) = state {
            parameters.push(("state", state));
        }
        parameters.push(("iss", &issuer));
        redirect(&with_query(address, &parameters))
    }

    /// A secret that cannot be guessed; `None` when randomness fails.
    pub(super) fn fresh(&self) -> Option<String> {
        let mut bytes = [0_u8; 32];
        self.random.fill(&mut bytes).ok()?;
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl<'a> Request<'a> {
    /// The request again, as fields of the form.
    fn hidden(&self) -> Vec<(&'static str, &'a str)> {
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", self.client),
            ("redirect_uri", self.redirect_uri),
            ("scope", self.scope),
            ("code_challenge", self.challenge),
            ("code_challenge_method", "S256"),
        ];
        fields.extend(self.state.map(|state| ("state", state)));
        fields.extend(self.nonce.map(|nonce| ("nonce", nonce)));
        fields
    }
}

fn account(realm: Realm, login: &str, password: &str) -> Option<&'static Account> {
    let account = ACCOUNTS
        .iter()
        .find(|a| a.realm == realm && a.login == login)?;
    let same = digest(&SHA256, account.password.as_bytes()).as_ref()
        == digest(&SHA256, password.as_bytes()).as_ref();
    same.then_some(account)
}

/// Parameters that may stand once at most.
const CARRIED: [&str; 11] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "login",
    "password",
];

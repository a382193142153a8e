//! The token endpoint: a code, or a system's own credentials, for tokens.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, Response, StatusCode};
use percent_encoding::percent_decode_str;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::demo::http::{Asked, json as json_answer};
use crate::demo::people::{Realm, System};
use crate::demo::sign_in::clients::{PORTAL_CLIENT, Use};
use crate::demo::sign_in::form::Form;
use crate::demo::sign_in::grants::{Grant, TOKEN_MS};
use crate::demo::sign_in::{Provider, claims_of};
use crate::wire::body::Body;

/// An error code of RFC 6749 §5.2.
struct Refused(&'static str);

impl Provider {
    pub(super) fn token(&self, realm: Realm, asked: &Asked) -> Response<Body> {
        let form = Form::of_body(&asked.body);
        let Some(client) = self.client(asked, &form) else {
            let scheme = "Basic realm=\"token\"";
            return challenge(StatusCode::UNAUTHORIZED, scheme, "invalid_client");
        };
        let outcome = match (form.one("grant_type"), client) {
            (Some("authorization_code"), Use::Portal) => self.by_code(realm, &form),
            (Some("client_credentials"), Use::System(system)) if realm == Realm::Officials => {
                self.by_credentials(system, &form)
            }
            (Some("authorization_code" | "client_credentials"), _) => {
                Err(Refused("unauthorized_client"))
            }
            (Some(_), _) => Err(Refused("unsupported_grant_type")),
            (None, _) => Err(Refused("invalid_request")),
        };
        match outcome {
            Ok(tokens) => json_answer(StatusCode::OK, &tokens),
            Err(Refused(code)) => json_answer(StatusCode::BAD_REQUEST, &json!({ "error": code })),
        }
    }

    /// Who calls: by one of the two methods, never by both (RFC 6749 §2.3).
    fn client(&self, asked: &Asked, form: &Form) -> Option<Use> {
        match (asked.header("authorization"), form.one("client_secret")) {
            (Some(header), None) => {
                let (id, secret) = basic(header)?;
                let named = form.one("client_id").is_none_or(|named| named == id);
                self.clients.authenticate(&id, &secret).filter(|_| named)
            }
            (None, Some(secret)) => self.clients.authenticate(form.one("client_id")?, secret),
            _ => None,
        }
    }

    fn by_code(&self, realm: Realm, form: &Form) -> Result<Value, Refused> {
        let code = form.one("code").ok_or(Refused("invalid_request"))?;
        let verifier = form
            .one("code_verifier")
            .ok_or(Refused("invalid_request"))?;
        let now = self.now();
        let grant = self
            .grants
            .take(code, now)
            .ok_or(Refused("invalid_grant"))?;
        let shown = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let fits = grant.realm == realm
            && grant.client == PORTAL_CLIENT
            && form.one("redirect_uri") == Some(grant.redirect_uri.as_str())
            && shown == grant.challenge;
        if !fits {
            return Err(Refused("invalid_grant"));
        }
        let access = self.fresh().ok_or(Refused("server_error"))?;
        let id_token = self.id_token(&grant).ok_or(Refused("server_error"))?;
        self.grants.issue(code, &access, &grant, now);
        Ok(json!({
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": TOKEN_MS / 1000,
            "id_token": id_token,
            "scope": "openid profile",
        }))
    }

    /// OIDC Core §2.
    fn id_token(&self, grant: &Grant) -> Option<String> {
        let issued = self.now().unix_seconds();
        let mut claims = claims_of(grant.account);
        claims.insert("iss".into(), self.issuer(grant.realm).into());
        claims.insert("aud".into(), PORTAL_CLIENT.into());
        claims.insert("iat".into(), issued.into());
        claims.insert("exp".into(), (issued + ID_TOKEN_SECONDS).into());
        claims.insert(
            "auth_time".into(),
            grant.authenticated_at.unix_seconds().into(),
        );
        claims.insert("acr".into(), grant.account.acr.into());
        claims.insert("amr".into(), json!(["pwd"]));
        claims.insert("sid".into(), self.fresh()?.into());
        if let Some(nonce) = &grant.nonce {
            claims.insert("nonce".into(), nonce.as_str().into());
        }
        self.key(grant.realm)
            .sign("JWT", &Value::Object(claims), &self.random)
            .ok()
    }

    /// RFC 6749 §4.4, with an access token as in RFC 9068 §2.
    fn by_credentials(&self, system: &System, form: &Form) -> Result<Value, Refused> {
        let asked: Vec<&str> = match form.one("scope") {
            Some(scope) => scope.split(' ').collect(),
            None => system.scopes.to_vec(),
        };
        if !asked.iter().all(|scope| system.scopes.contains(scope)) {
            return Err(Refused("invalid_scope"));
        }
        let scope = asked.join(" ");
        let issued = self.now().unix_seconds();
        let claims = json!({
            "iss": self.issuer(Realm::Officials),
            "aud": self.audience,
            "sub": system.client_id,
            "client_id": system.client_id,
            "scope": scope,
            "agency": system.agency,
            "roles": system.roles,
            "acr": "2",
            "auth_time": issued,
            "iat": issued,
            "exp": issued + ACCESS_TOKEN_SECONDS,
            "jti": self.fresh().ok_or(Refused("server_error"))?,
        });
        let token = self
            .key(Realm::Officials)
            .sign("at+jwt", &claims, &self.random)
            .map_err(|_| Refused("server_error"))?;
        Ok(json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": ACCESS_TOKEN_SECONDS,
            "scope": scope,
        }))
    }
}

/// An error that says how to authenticate.
pub(super) fn challenge(status: StatusCode, scheme: &'static str, code: &str) -> Response<Body> {
    let mut response = json_answer(status, &json!({ "error": code }));
    response
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    response
}

/// Id and secret of `Authorization: Basic`; both are form-encoded inside (RFC 6749 §2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .ok()
    };
    Some((plain(id)?, plain(secret)?))
}

const ID_TOKEN_SECONDS: i64 = 120;
const ACCESS_TOKEN_SECONDS: i64 = 600;

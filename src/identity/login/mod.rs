//! Signing in: out to the provider and back.
//!
//! Answers: who came back from the provider? In: a realm and a way back; later the callback with
//! this browser's cookie. Out: a redirect with PKCE, state and nonce (RFC 9700 §2.1); later a
//! [`Principal`] that no session holds yet. Invariants: a state is good once, for the browser that
//! began, for ten minutes, for the one provider that was asked; no code is exchanged before that is
//! known; no claim is believed before the ID token is verified; a redirect leads to the provider or
//! to a path of this host. Deliberately absent: sessions, tokens kept for later, user info.

mod error;
mod exchange;
mod id_token;
mod pending;
mod way_back;
mod who;

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreJsonWebKeySet};
use openidconnect::{
    AuthUrl, ClientId, CsrfToken, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, Scope,
};
use ring::rand::SecureRandom;
use url::Url;

use crate::clock::Clock;
use crate::domain::name::RealmId;
use crate::domain::principal::{AcrRank, Principal};
use crate::egress::Egress;
use crate::identity::keysets::KeySets;
use crate::identity::providers::{Metadata, ProviderError, RealmKind, RealmSettings};
use crate::keys::{Pseudonym, Vault};
use crate::wire::cookie::Cookies;
use crate::wire::path::Target;

pub use error::LoginError;
pub use pending::SIGN_IN_COOKIE;
pub use way_back::{WAY_BACK_BYTES_MAX, WayBack};

use exchange::Exchange;
use pending::{AllPending, Pending};

/// The longest code and state that are looked at, in bytes.
const PARAMETER_BYTES_MAX: usize = 4096;

/// What signing in needs of the house.
pub struct LoginRooms {
    /// Must know the issuers of all realms.
    pub keysets: Arc<KeySets>,
    pub egress: Arc<Egress>,
    pub vault: Arc<Vault>,
    pub pseudonym: Arc<Pseudonym>,
    pub random: Arc<dyn SecureRandom + Send + Sync>,
    pub clock: Arc<dyn Clock>,
}

/// Signing in through any of the realms.
pub struct Login {
    realms: Vec<RealmSettings>,
    /// `https://portal.example`, without a path.
    origin: String,
    rooms: LoginRooms,
}

/// Where the browser goes to sign in.
#[derive(Debug)]
pub struct Redirect {
    pub location: Url,
    pub set_cookies: Vec<HeaderValue>,
}

/// Somebody who came back from the provider.
#[derive(Debug)]
pub struct Arrived {
    pub principal: Principal,
    pub realm: RealmId,
    pub way_back: WayBack,
    pub set_cookies: Vec<HeaderValue>,
}

/// Somebody who came back and is not signed in.
#[derive(Debug)]
pub struct Failed {
    pub error: LoginError,
    /// Where they may try again, when a sign-in of theirs was found.
    pub realm: Option<RealmId>,
    pub set_cookies: Vec<HeaderValue>,
}

impl Login {
    /// Signs in to the portal at `origin`, `https://portal.example`; people come back to its
    /// `/oauth2/callback`. Asks no provider yet.
    #[must_use]
    pub fn new(realms: Vec<RealmSettings>, origin: String, rooms: LoginRooms) -> Self {
        Self {
            realms,
            origin,
            rooms,
        }
    }

    /// The realms to choose from, in the order of the config.
    pub fn realms(&self) -> impl Iterator<Item = (&RealmId, RealmKind)> {
        self.realms.iter().map(|realm| (&realm.id, realm.kind()))
    }

    /// Begins a sign-in; with `rank_min` the provider is asked to vouch at least so strongly.
    ///
    /// # Errors
    /// [`LoginError`]: an unknown realm, or a provider that cannot be asked.
    pub async fn start(
        &self,
        realm: &str,
        way_back: Option<&str>,
        rank_min: Option<AcrRank>,
        cookies: &Cookies,
    ) -> Result<Redirect, LoginError> {
        let realm = self.realm(realm)?;
        let metadata = self.rooms.keysets.metadata(&realm.issuer).await?;
        let now = self.rooms.clock.now();
        let way_back = WayBack::choose(way_back, realm.kind());
        let random = &*self.rooms.random;
        let pending = Pending::begin(realm.id.clone(), way_back.as_str(), now, random)?;
        let location = self.authorization(realm, &metadata, &pending, rank_min)?;
        let mut all = AllPending::read(cookies, &self.rooms.vault, now);
        all.add(pending);
        let cookie = all.cookie(&self.rooms.vault, random)?;
        Ok(Redirect {
            location,
            set_cookies: vec![cookie],
        })
    }

    /// Ends a sign-in: `target` is the callback with its query. Whatever comes of it, the state is
    /// used up: the cookies are to be set in either case.
    ///
    /// # Errors
    /// [`Failed`], with the reason and the cookies.
    pub async fn callback(&self, target: &Target, cookies: &Cookies) -> Result<Arrived, Failed> {
        let now = self.rooms.clock.now();
        let mut all = AllPending::read(cookies, &self.rooms.vault, now);
        let unknown = |error| Failed {
            error,
            realm: None,
            set_cookies: Vec::new(),
        };
        let state = parameter(target, "state").map_err(unknown)?;
        let pending = all.take(&state).ok_or_else(|| unknown(LoginError::State))?;
        let cookie = all.cookie(&self.rooms.vault, &*self.rooms.random);
        let set_cookies = vec![cookie.map_err(unknown)?];
        match self.finish(target, &pending).await {
            Ok((principal, realm)) => Ok(Arrived {
                principal,
                realm: realm.id.clone(),
                way_back: WayBack::choose(Some(&pending.way_back), realm.kind()),
                set_cookies,
            }),
            Err(error) => Err(Failed {
                error,
                realm: Some(pending.realm),
                set_cookies,
            }),
        }
    }

    /// Where the provider ends its own session (RP-Initiated Logout 1.0 §2); `None` when it says
    /// nothing of it or cannot be asked.
    pub async fn end_session(&self, realm: &RealmId) -> Option<Url> {
        let realm = self.realm(realm.as_str()).ok()?;
        let metadata = self.rooms.keysets.metadata(&realm.issuer).await.ok()?;
        let mut url = Url::parse(metadata.end_session_endpoint.as_deref()?).ok()?;
        if !as_safe_as(&url, &realm.issuer) {
            return None;
        }
        url.query_pairs_mut()
            .append_pair("client_id", &realm.client_id)
            .append_pair("post_logout_redirect_uri", &format!("{}/", self.origin));
        Some(url)
    }

    fn realm(&self, id: &str) -> Result<&RealmSettings, LoginError> {
        let realm = self.realms.iter().find(|realm| realm.id.as_str() == id);
        realm.ok_or_else(|| LoginError::UnknownRealm(id.chars().take(64).collect()))
    }

    fn authorization(
        &self,
        realm: &RealmSettings,
        metadata: &Metadata,
        pending: &Pending,
        rank_min: Option<AcrRank>,
    ) -> Result<Url, LoginError> {
        let endpoint = metadata.authorization_endpoint.clone();
        let endpoint = endpoint
            .and_then(|url| AuthUrl::new(url).ok())
            .filter(|url| as_safe_as(url.url(), &realm.issuer))
            .ok_or_else(|| missing(realm, "authorization_endpoint"))?;
        let issuer = IssuerUrl::new(realm.issuer.clone()).map_err(|_| missing(realm, "issuer"))?;
        let client_id = ClientId::new(realm.client_id.clone());
        let client = CoreClient::new(client_id, issuer, CoreJsonWebKeySet::default())
            .set_auth_uri(endpoint)
            .set_redirect_uri(self.callback_url(realm)?);
        let verifier = PkceCodeVerifier::new(pending.verifier.clone());
        let (state, nonce) = (pending.state.clone(), pending.nonce.clone());
        // With `max_age` the provider must say when it authenticated (Core §3.1.2.1).
        let age = realm.auth_age_seconds_max.to_string();
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .add_scopes(realm.scopes.iter().cloned().map(Scope::new))
            .add_extra_param("max_age", age)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        // Some providers say an `acr` only when one is asked for, and without one nobody comes in.
        if let Some(values) = strong_enough(realm, rank_min) {
            request = request.add_extra_param("acr_values", values);
        }
        let (location, _, _) = request.url();
        Ok(location)
    }

    async fn finish(
        &self,
        target: &Target,
        pending: &Pending,
    ) -> Result<(Principal, &RealmSettings), LoginError> {
        let realm = self.realm(pending.realm.as_str())?;
        let metadata = self.rooms.keysets.metadata(&realm.issuer).await?;
        // RFC 9207 §2.4: before anything else in the answer is looked at.
        match target.query_value("iss")? {
            Some(issuer) if issuer != realm.issuer.as_str() => {
                return Err(LoginError::ResponseIssuer);
            }
            None if metadata.authorization_response_iss_parameter_supported => {
                return Err(LoginError::ResponseIssuer);
            }
            Some(_) | None => {}
        }
        if let Some(error) = target.query_value("error")? {
            return Err(said(&error));
        }
        let exchange = Exchange {
            realm,
            metadata: &metadata,
            callback: self.callback_url(realm)?,
            code: parameter(target, "code")?,
            verifier: pending.verifier.clone(),
        };
        let id_token = exchange.id_token(&self.rooms.egress).await?;
        let (keysets, now) = (&*self.rooms.keysets, self.rooms.clock.now());
        let verified =
            id_token::verify(&id_token, realm, &metadata, &pending.nonce, keysets, now).await?;
        let pseudonym = &*self.rooms.pseudonym;
        let principal = who::principal(&verified.claims, realm, verified.assurance, pseudonym)?;
        Ok((principal, realm))
    }

    fn callback_url(&self, realm: &RealmSettings) -> Result<RedirectUrl, LoginError> {
        let url = RedirectUrl::new(format!("{}/oauth2/callback", self.origin));
        url.map_err(|_| missing(realm, "redirect_uri"))
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("realms", &self.realms)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LoginRooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginRooms").finish_non_exhaustive()
    }
}

/// A parameter that must stand exactly once.
fn parameter(target: &Target, name: &'static str) -> Result<String, LoginError> {
    let value = target.query_value(name)?;
    let value = value.filter(|value| (1..=PARAMETER_BYTES_MAX).contains(&value.len()));
    value
        .map(std::borrow::Cow::into_owned)
        .ok_or(LoginError::Parameter(name))
}

/// What an error of the provider means here (RFC 6749 §4.1.2.1). Its description is not shown.
fn said(error: &str) -> LoginError {
    match error {
        "access_denied" | "user_cancel" | "user_cancelled" => LoginError::Cancelled,
        "server_error" | "temporarily_unavailable" => LoginError::TemporarilyUnavailable,
        _ => LoginError::Refused,
    }
}

/// Whether a browser may be sent there: not by plain HTTP when the issuer has TLS, nor by any
/// scheme that is neither.
fn as_safe_as(url: &Url, issuer: &str) -> bool {
    let plain = issuer.starts_with("http://");
    match url.scheme() {
        "https" => true,
        "http" => plain,
        _ => false,
    }
}

/// The `acr` values that stand for this rank or a higher one, the least that will do first: they
/// stand in order of preference (Core §3.1.2.1).
fn strong_enough(realm: &RealmSettings, rank_min: Option<AcrRank>) -> Option<String> {
    let enough = |rank: AcrRank| rank_min.is_none_or(|least| rank >= least);
    let mut strong: Vec<_> = realm
        .acr
        .iter()
        .filter(|(_, rank)| enough(**rank))
        .collect();
    strong.sort_by_key(|(_, rank)| **rank);
    let values: Vec<&str> = strong.iter().map(|(value, _)| value.as_str()).collect();
    (!values.is_empty()).then(|| values.join(" "))
}

fn missing(realm: &RealmSettings, what: &'static str) -> LoginError {
    LoginError::Provider(ProviderError::Missing {
        issuer: realm.issuer.clone(),
        what,
    })
}

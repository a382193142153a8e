//! People at the sign-in: they go to a provider, come back, are known for a while, and leave. Their
//! requests have been counted before they come here.

use http::HeaderValue;
use url::Url;

use crate::domain::name::RealmId;
use crate::domain::principal::{AcrRank, Principal};
use crate::domain::purpose::Claim;
use crate::identity::login::{Arrived, Failed, LoginError, Redirect};
use crate::identity::providers::RealmKind;
use crate::identity::session::{Handle, Session, Sessions};
use crate::identity::{Identity, IdentityError, handle};
use crate::wire::arrival::Arrival;
use crate::wire::cookie::Cookies;

/// Somebody with a session, as they ask something of the sign-in.
#[derive(Debug)]
pub struct SignedIn {
    pub session: Session,
    handle: Handle,
}

/// Somebody whose session has ended.
#[derive(Debug)]
pub struct SignedOut {
    /// Makes the browser forget the session.
    pub set_cookie: HeaderValue,
    /// Where the session at the provider can be ended too.
    pub end_session: Option<Url>,
}

impl Identity {
    /// The realms to choose from, in the order of the config.
    pub fn realms(&self) -> impl Iterator<Item = (&RealmId, RealmKind)> {
        self.parts.login.realms()
    }

    /// Sends a browser to a realm's provider, to be vouched for at least as strongly as `rank_min`.
    ///
    /// # Errors
    /// [`IdentityError`] when the cookies do not read; else [`LoginError`].
    pub async fn depart(
        &self,
        arrival: &Arrival,
        realm: &str,
        way_back: Option<&str>,
        rank_min: Option<AcrRank>,
    ) -> Result<Result<Redirect, LoginError>, IdentityError> {
        let cookies = Cookies::read(&arrival.headers)?;
        Ok(self
            .parts
            .login
            .start(realm, way_back, rank_min, &cookies)
            .await)
    }

    /// Reads what a browser brings back from the provider. No session begins yet.
    ///
    /// # Errors
    /// As [`Identity::depart`]; then [`Failed`].
    pub async fn come_back(
        &self,
        arrival: &Arrival,
    ) -> Result<Result<Arrived, Failed>, IdentityError> {
        let cookies = Cookies::read(&arrival.headers)?;
        Ok(self.parts.login.callback(&arrival.target, &cookies).await)
    }

    /// Begins the session of who came back, and ends the one this browser had. The id is new at
    /// each sign-in, so that nobody can have planted it.
    ///
    /// # Errors
    /// When sessions cannot be kept.
    pub async fn begin(
        &self,
        arrival: &Arrival,
        arrived: &Arrived,
    ) -> Result<HeaderValue, IdentityError> {
        let before = handle(arrival)?;
        let sessions = &self.parts.sessions;
        Ok(sessions
            .begin(&arrived.principal, &arrived.realm, before.as_ref())
            .await?)
    }

    /// Who is signed in with this browser, and, where something is to change, asks for it from a
    /// page of this portal.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub async fn signed_in(&self, arrival: &Arrival) -> Result<Option<SignedIn>, IdentityError> {
        let Some(handle) = handle(arrival)? else {
            return Ok(None);
        };
        let Some(session) = self.parts.sessions.find(&handle).await? else {
            return Ok(None);
        };
        self.same_origin(arrival)?;
        Ok(Some(SignedIn { session, handle }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When that cannot be written down: the session then goes on.
    pub async fn sign_out(&self, whose: SignedIn) -> Result<SignedOut, IdentityError> {
        self.parts.sessions.end(&whose.handle).await?;
        Ok(SignedOut {
            set_cookie: Sessions::cleared_cookie()?,
            end_session: self.parts.login.end_session(whose.session.realm()).await,
        })
    }

    /// What makes a browser forget a session that is no more.
    ///
    /// # Errors
    /// Never, as long as the cookie's name is one.
    pub fn forgotten(&self) -> Result<HeaderValue, IdentityError> {
        Ok(Sessions::cleared_cookie()?)
    }

    /// Puts a case and its purpose on the desk of an official, or clears it.
    ///
    /// # Errors
    /// When sessions cannot be written.
    pub async fn work_on(&self, whose: &SignedIn, claim: &Claim) -> Result<(), IdentityError> {
        self.parts.sessions.set_claim(&whose.handle, claim).await?;
        Ok(())
    }
}

impl SignedIn {
    #[must_use]
    pub fn principal(&self) -> &Principal {
        self.session.principal()
    }
}

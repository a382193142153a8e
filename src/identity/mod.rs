//! Who asks?
//!
//! In: an arrival and its operation. Out: an [`Identified`]: a principal, and what they claim to ask
//! for. Invariants: the address limit is counted before any signature is checked; one request has
//! one credential; garbage makes nobody of a caller, never somebody else; what a person's browser
//! changes, this portal's own page asked for. Deliberately absent: whether they may.

pub mod bearer;
pub mod certificate;
pub mod keysets;
pub mod login;
pub mod providers;
pub mod session;

mod credential;
mod error;
mod identified;
mod same_origin;
mod tenure;
mod visitor;

pub use error::IdentityError;
pub use identified::Identified;
pub use tenure::{Over, Tenure};
pub use visitor::{SignedIn, SignedOut};

use std::fmt;
use std::sync::Arc;

use crate::domain::name::{CaseNumber, NameError, PurposeId};
use crate::domain::operation::Operation;
use crate::domain::peer::AddressBlock;
use crate::domain::purpose::Claim;
use crate::limits::{AddressLimit, Allowance};
use crate::wire::arrival::Arrival;
use crate::wire::cookie::Cookies;
use crate::wire::headers::{CASE, PURPOSE, item};

use bearer::Bearer;
use certificate::Certificates;
use credential::Known;
use login::Login;
use session::{Handle, SESSION_COOKIE, Session, Sessions};

/// What identity is told once.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// The portal's origin, `https://portal.example`.
    pub origin: String,
    /// The longest bearer token that is looked at.
    pub token_bytes_max: usize,
}

/// The parts of the room.
#[derive(Debug)]
pub struct IdentityParts {
    pub addresses: Arc<AddressLimit>,
    pub sessions: Arc<Sessions>,
    pub bearer: Bearer,
    pub certificates: Arc<Certificates>,
    pub login: Login,
}

/// The room.
pub struct Identity {
    settings: IdentitySettings,
    parts: IdentityParts,
}

impl Identity {
    #[must_use]
    pub const fn new(settings: IdentitySettings, parts: IdentityParts) -> Self {
        Self { settings, parts }
    }

    /// Who asks, and for what they say they ask. Nobody in particular is an answer too.
    ///
    /// # Errors
    /// [`IdentityError`]: too many requests of this address, credentials that do not read or do not
    /// hold, a change asked for from another site, sessions that cannot be looked up.
    pub async fn identify(
        &self,
        arrival: &Arrival,
        operation: &Operation,
    ) -> Result<Identified, IdentityError> {
        let allowance = self.count(arrival).await?;
        let claim = claimed(arrival)?;
        let identified = |known: Known| {
            let claim = match &known.session {
                Some(session) => working(claim, session, operation),
                None => claim,
            };
            let identified = Identified::new(arrival.visit, allowance, known.principal, claim);
            let held = known.session.as_ref().map(Session::claim);
            identified.holding(held).by(known.credential)
        };
        self.known(arrival, operation).await.map(identified)
    }

    /// How long what this caller begins may last.
    #[must_use]
    pub fn tenure(&self, caller: &Identified) -> Tenure {
        let (sessions, certificates) = (&self.parts.sessions, &self.parts.certificates);
        Tenure::new(
            caller.credential().clone(),
            Arc::clone(sessions),
            Arc::clone(certificates),
        )
    }

    /// Counts a request of this address: before anything else is looked at.
    ///
    /// # Errors
    /// When it is one too many.
    pub async fn count(&self, arrival: &Arrival) -> Result<Allowance, IdentityError> {
        let block = AddressBlock::of(arrival.peer.address);
        Ok(self.parts.addresses.check(block).await?)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("origin", &self.settings.origin)
            .finish_non_exhaustive()
    }
}

/// The session the browser names. What is no handle at all names none.
fn handle(arrival: &Arrival) -> Result<Option<Handle>, IdentityError> {
    let cookies = Cookies::read(&arrival.headers)?;
    Ok(cookies.one(SESSION_COOKIE)?.and_then(Handle::parse))
}

/// Purpose and case as the request names them.
fn claimed(arrival: &Arrival) -> Result<Claim, IdentityError> {
    let refused =
        |header: &'static str| move |source: NameError| IdentityError::Claim { header, source };
    let purpose = item(&arrival.headers, &PURPOSE)?;
    let case = item(&arrival.headers, &CASE)?;
    Ok(Claim {
        purpose: purpose
            .map(|name| PurposeId::parse(&name))
            .transpose()
            .map_err(refused("Muhrdor-Purpose"))?,
        case: case
            .map(|number| CaseNumber::parse(&number))
            .transpose()
            .map_err(refused("Muhrdor-Case"))?,
    })
}

/// A claim completed from the session's working case: only where the request says nothing else,
/// and only towards an operation that serves the working purpose for this kind of principal.
fn working(claim: Claim, session: &Session, operation: &Operation) -> Claim {
    let held = session.claim();
    let Some(purpose) = &held.purpose else {
        return claim;
    };
    let kind = session.principal().kind();
    let bound = operation
        .purposes
        .iter()
        .any(|binding| binding.purpose == *purpose && binding.who == kind);
    let agrees = claim.purpose.as_ref().is_none_or(|named| named == purpose);
    if !bound || !agrees {
        return claim;
    }
    Claim {
        purpose: Some(purpose.clone()),
        case: claim.case.or_else(|| held.case.clone()),
    }
}

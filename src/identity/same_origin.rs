//! What a browser is asked to change, only a page of this portal may ask for.

use http::header::{HeaderName, ORIGIN};

use crate::domain::operation::Operation;
use crate::domain::principal::PrincipalKind;
use crate::identity::{Identity, IdentityError};
use crate::wire::arrival::Arrival;
use crate::wire::headers::single;

/// Fetch Metadata Request Headers §2.3.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Identity {
    /// As [`Identity::same_origin`]; and where the operation is a WebSocket, whose opening is a safe
    /// method that any page may make a browser send, the page must be of this origin or of one that
    /// the register names for the service (RFC 6455 §10.2).
    pub(super) fn asked_from_here(
        &self,
        arrival: &Arrival,
        operation: &Operation,
    ) -> Result<(), IdentityError> {
        if operation.flow.upgrade.is_none() {
            return self.same_origin(arrival);
        }
        let origin = single(&arrival.headers, &ORIGIN)?;
        let listed = |origin: &str| operation.service.cors_origins.iter().any(|o| o == origin);
        match origin {
            Some(origin) if origin == self.settings.origin || listed(origin) => Ok(()),
            Some(_) | None => Err(IdentityError::CrossOrigin),
        }
    }

    /// As [`Identity::asked_from_here`], for who came in with a certificate. A browser shows it to
    /// this portal for pages of other sites too; a body's system is no browser, and sends neither
    /// field.
    pub(super) fn asked_by_certificate(
        &self,
        arrival: &Arrival,
        operation: &Operation,
        kind: PrincipalKind,
    ) -> Result<(), IdentityError> {
        let silent =
            !arrival.headers.contains_key(ORIGIN) && !arrival.headers.contains_key(SEC_FETCH_SITE);
        if kind == PrincipalKind::System && silent {
            return Ok(());
        }
        self.asked_from_here(arrival, operation)
    }

    /// Lets safe methods pass; for all others the browser must say that the request comes from this
    /// origin, by `Sec-Fetch-Site` or by `Origin`, and whichever it sends must say so. A cookie goes
    /// with requests of other sites too; these two fields no page can set.
    pub(super) fn same_origin(&self, arrival: &Arrival) -> Result<(), IdentityError> {
        if arrival.method.is_safe() {
            return Ok(());
        }
        let site = single(&arrival.headers, &SEC_FETCH_SITE)?;
        let origin = single(&arrival.headers, &ORIGIN)?;
        let said = [
            site.map(|site| site == "same-origin"),
            origin.map(|origin| origin == self.settings.origin),
        ];
        let said = said.iter().flatten();
        if said.clone().next().is_some() && said.clone().all(|same| *same) {
            Ok(())
        } else {
            Err(IdentityError::CrossOrigin)
        }
    }
}

//! What a browser is asked to change, only a page of this portal may ask for.

use http::header::{HeaderName, ORIGIN};

use crate::identity::{Identity, IdentityError};
use crate::wire::arrival::Arrival;
use crate::wire::headers::single;

/// Fetch Metadata Request Headers §2.3.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Identity {
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

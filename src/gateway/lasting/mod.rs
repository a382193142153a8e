//! What goes on after its answer has begun: it has a place among a bounded number, and it ends with
//! the credential it was begun with.

mod held;
mod places;

use std::fmt;

use crate::domain::reason::Reason;
use crate::gateway::Gateway;
use crate::gateway::refusal::Refusal;
use crate::identity::{Identified, Tenure};
use crate::limits::PrincipalKey;
use crate::policy::Permit;
use crate::wire::body::Body;

use held::Held;
use places::Place;

pub use places::{LastingSettings, Places};

/// A place, and how long it may be held.
pub(super) struct Lasting {
    place: Place,
    tenure: Tenure,
}

impl Gateway {
    /// A place among the streams of this principal, before anyone is asked for one; `None` for what
    /// answers once.
    ///
    /// # Errors
    /// `too_many_streams` when the principal, or everybody together, has as many as may be.
    pub(super) fn lasting(
        &self,
        permit: &Permit,
        caller: &Identified,
        counted: PrincipalKey,
    ) -> Result<Option<Lasting>, Refusal> {
        if !permit.operation().lasts() {
            return Ok(None);
        }
        let full = |cause| Refusal::new(Reason::TooManyStreams, format!("{cause}"));
        let place = self.rooms.lasting.take(counted).map_err(full)?;
        Ok(Some(Lasting {
            place,
            tenure: self.rooms.identity.tenure(caller),
        }))
    }
}

impl Lasting {
    /// The body, ended when its credential is.
    pub(super) fn hold(self, body: Body) -> Body {
        Body::stream(Held::new(body, self.place, self.tenure))
    }
}

impl fmt::Debug for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lasting")
            .field("tenure", &self.tenure)
            .finish_non_exhaustive()
    }
}

//! What goes on after its answer has begun: it has a place among a bounded number, and it ends with
//! the credential it was begun with.

mod held;
mod places;
mod tunnel;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::entry::VisitId;
use crate::domain::operation::Operation;
use crate::domain::reason::Reason;
use crate::gateway::refusal::Refusal;
use crate::gateway::{Gateway, access};
use crate::identity::{Identified, Tenure};
use crate::limits::PrincipalKey;
use crate::policy::Permit;
use crate::telemetry::streams::StreamKind;
use crate::telemetry::tunnels::{self, Tunnel};
use crate::wire::answer::Lasts;
use crate::wire::arrival::Arrival;
use crate::wire::body::Body;
use crate::wire::tunnel::Carrier;
use crate::wire::tunnel::duplex::Duplex;

use held::{Held, Whole};
use places::Place;
use tunnel::{Bounds, Sides};

pub(super) use held::End;
pub use places::{LastingSettings, Places};

/// A place, and how long it may be held.
pub(super) struct Lasting {
    visit: VisitId,
    operation: Arc<Operation>,
    place: Place,
    tenure: Tenure,
    deadline: Option<Duration>,
}

impl Gateway {
    /// A place among the streams of this principal, before anyone is asked for one; `None` for what
    /// answers once.
    ///
    /// # Errors
    /// `bad_header` when the deadline of a call does not read; `too_many_streams` when the
    /// principal, or everybody together, has as many as may be.
    pub(super) fn lasting(
        &self,
        arrival: &Arrival,
        permit: &Permit,
        caller: &Identified,
        counted: PrincipalKey,
    ) -> Result<Option<Box<Lasting>>, Refusal> {
        if !permit.operation().lasts() {
            return Ok(None);
        }
        let full = |cause| Refusal::new(Reason::TooManyStreams, format!("{cause}"));
        let place = self.rooms.lasting.take(counted).map_err(full)?;
        Ok(Some(Box::new(Lasting {
            visit: permit.visit(),
            operation: Arc::clone(permit.operation()),
            place,
            tenure: self.rooms.identity.tenure(caller),
            deadline: access::deadline(arrival, permit.operation())?,
        })))
    }
}

impl Lasting {
    /// The body, ended when its credential is.
    pub(super) fn hold(self, body: Body, end: End, lasts: Lasts) -> Body {
        let open = self.place.begin(&self.operation.id, end.kind());
        let whole = Whole {
            body,
            open,
            lasts,
            _place: self.place,
        };
        Body::stream(Held::new(whole, end, self.tenure, self.deadline))
    }

    /// Who carries the bytes between the client, once its side is open, and the e-service.
    pub(super) fn carry(self, service: Duplex) -> Carrier {
        Carrier::new(move |client, leaving| async move {
            let flow = &self.operation.flow;
            let ms = |ms: u32| Duration::from_millis(u64::from(ms));
            let bounds = Bounds {
                idle: ms(flow.stream_idle_ms_max),
                total: ms(flow.stream_ms_max),
            };
            let sides = Sides { client, service };
            let id = &self.operation.id;
            let mut open = self.place.begin(id, StreamKind::WebSocket);
            let ended = tunnel::carry(sides, bounds, self.tenure, leaving).await;
            open.ends(ended.why.end());
            drop((open, self.place));
            tunnels::ended(&Tunnel {
                visit: self.visit,
                operation: &self.operation.id,
                ended: ended.why.end().word(),
                from_client_bytes: ended.from_client_bytes,
                from_service_bytes: ended.from_service_bytes,
            });
        })
    }
}

impl fmt::Debug for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lasting")
            .field("tenure", &self.tenure)
            .finish_non_exhaustive()
    }
}

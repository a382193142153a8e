//! A request as it arrived: read once, strictly, before any room saw it.

use http::{HeaderMap, Method};

use crate::domain::entry::VisitId;
use crate::domain::peer::Peer;
use crate::domain::time::Timestamp;
use crate::wire::body::Body;
use crate::wire::path::Target;

/// A request as it arrived. Rooms read it; only `upstream` makes something new of its parts.
#[derive(Debug)]
pub struct Arrival {
    pub visit: VisitId,
    pub at: Timestamp,
    pub peer: Peer,
    /// Lower case, without port and trailing dot.
    pub host: String,
    pub method: Method,
    pub target: Target,
    pub headers: HeaderMap,
    pub body: Body,
}

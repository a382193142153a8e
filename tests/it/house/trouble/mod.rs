//! What goes wrong around the gateway: each has a clear answer, and nothing is lost.

pub(crate) mod asked;
mod neighbours;
pub(crate) mod puppet;
pub(crate) mod upstreams;

use muhrdor::app::journal_reader;
use muhrdor::demo::{Reply, Vacant};
use muhrdor::domain::entry::{Stage, VisitId};

use super::{AZIZA, House, TestGrounds, told, unhurried, with_upstream};

/// An address where nobody listens until someone does on purpose.
pub(crate) fn vacant() -> Vacant {
    Vacant::take("127.0.0.1:0".parse().unwrap()).unwrap()
}

/// What the journal has of the request behind a reply, in order.
pub(crate) fn recorded(grounds: &TestGrounds, reply: &Reply) -> Vec<Stage> {
    let config = grounds.grounds.config().unwrap();
    let visit = VisitId::parse(reply.header("muhrdor-request-id").unwrap()).unwrap();
    let found = journal_reader(&config).unwrap().of_visit(visit).unwrap();
    found.into_iter().map(|found| found.entry.stage).collect()
}

//~ step rooms.journal.open
//~ E0451 of struct `Opened` are private
//! No intent but the one that is durable.

use muhrdor::domain::entry::VisitId;
use muhrdor::journal::Opened;

pub fn made_up(visit: VisitId) -> Opened {
    Opened {
        visit,
        intent: None,
    }
}

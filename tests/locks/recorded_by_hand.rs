//~ step self.record
//~ E0451 fields `visit` and `outcome` of struct `Recorded` are private
//! No record but the one that is durable.

use muhrdor::domain::entry::VisitId;
use muhrdor::journal::Recorded;

pub fn of_another_visit(recorded: Recorded, visit: VisitId) -> Recorded {
    Recorded { visit, ..recorded }
}

//~ step Reply::disclose
//~ E0451 of struct `Reply` are private
//! A reply is of the visit it was made for: not even a real one is given to another.

use muhrdor::domain::entry::VisitId;
use muhrdor::gateway::Reply;

pub fn for_another(reply: Reply, visit: VisitId) -> Reply {
    Reply { visit, ..reply }
}

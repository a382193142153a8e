//! Documents: the check, what came of it, and one that is shown to whoever holds the paper.

mod check;
mod verdict;
mod view;

pub(in crate::console) use check::check;
pub(in crate::console) use verdict::verdict;
pub(super) use view::page;

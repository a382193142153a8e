//! Documents: the check, what came of it, and one that is shown to whoever holds the paper.

mod check;
mod view;

pub(in crate::console) use check::{check, verdict};
pub(super) use view::page;

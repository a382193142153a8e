//! front door

pub mod guard;

//! Who asks?

pub mod keysets;
pub mod login;
pub mod providers;

//! Who asks?

pub mod bearer;
pub mod keysets;
pub mod login;
pub mod providers;

//! Who asks?

pub mod keysets;
pub mod providers;

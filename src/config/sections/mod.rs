//! The sections of the file, a file a subject.

pub(super) mod bounds;
pub(super) mod door;
pub(super) mod house;
pub(super) mod limits;
pub(super) mod notary;
pub(super) mod pool;
pub(super) mod sign_in;
pub(super) mod upstream;

//! Providers that sign people in, and what they say of themselves.

mod metadata;
mod refreshed;

pub use metadata::{Metadata, ProviderError};
pub use refreshed::RefreshSettings;

pub(in crate::identity) use metadata::{discover, json};
pub(in crate::identity) use refreshed::{Fetched, Refreshed, Wish};

//! Providers that vouch for people.
//!
//! Answers: which realms are there, and what does a provider say of itself? In: settings, answers
//! fetched over `egress`. Out: [`RealmSettings`], [`Metadata`]. Invariants: an issuer is compared
//! byte for byte; what is fetched is fetched at most once in each cool-down, kept while the
//! provider is down, and given up when too old. Deliberately absent: signing in, which is `login`.

mod metadata;
mod realm;
mod refreshed;

pub use metadata::{Metadata, ProviderError};
pub use realm::{RealmClaims, RealmKind, RealmSettings};
pub use refreshed::RefreshSettings;

pub(in crate::identity) use metadata::{discover, json};
pub(in crate::identity) use refreshed::{Fetched, Refreshed, Wish};

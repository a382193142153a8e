//! What a source of facts promises.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use crate::domain::fact::{Case, Consent, Mandate, Staff, Standing};
use crate::domain::name::{AgencyId, CaseNumber, OfficialId};
use crate::domain::person::Person;

/// A question under way.
#[allow(clippy::module_name_repetitions)]
pub(super) type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, FactError>> + Send + 'a>>;

/// Where facts come from. Each method answers as things stand now, in bounded time; `None` and an
/// empty list are answers ("there is none"); whatever is not an answer is an error. May be asked
/// concurrently. An answer about something else than what was asked is an error too.
pub trait FactSource: Send + Sync + Debug {
    /// The case with this number at this body.
    fn case<'a>(&'a self, agency: &'a AgencyId, number: &'a CaseNumber) -> Asked<'a, Option<Case>>;

    /// The official with this number at this body.
    fn staff<'a>(
        &'a self,
        agency: &'a AgencyId,
        official: &'a OfficialId,
    ) -> Asked<'a, Option<Staff>>;

    /// All mandates that `holder` holds.
    fn mandates<'a>(&'a self, holder: &'a Person) -> Asked<'a, Vec<Mandate>>;

    /// The consents that `subject` gave to `recipient`.
    fn consents<'a>(
        &'a self,
        subject: &'a Person,
        recipient: &'a AgencyId,
    ) -> Asked<'a, Vec<Consent>>;

    /// How these persons stand. Who is not known is left out.
    fn standings<'a>(&'a self, people: &'a [Person]) -> Asked<'a, Vec<(Person, Standing)>>;
}

/// Why a fact could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    #[error("`{source_name}` cannot be asked: {cause}")]
    Unreachable { source_name: String, cause: String },
    /// An answer that does not read, or is about something else than what was asked.
    #[error("`{source_name}` answered what cannot be used: {what}")]
    Unusable { source_name: String, what: String },
    #[error("an answer speaks of more than {subjects_max} persons")]
    TooMany { subjects_max: usize },
}

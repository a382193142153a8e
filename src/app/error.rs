//! Why the house does not open.

use std::path::PathBuf;

use crate::console::TextsError;
use crate::domain::problem::Problem;
use crate::facts::FactFileError;
use crate::identity::certificate::SetUpError;
use crate::identity::session::SessionError;
use crate::journal::{JournalError, VerifyError};
use crate::keys::KeyError;
use crate::notary::NotaryError;
use crate::server::ServerError;
use crate::server::life::handover::HandoverError;
use crate::server::tls::TlsError;
use crate::tlog::TlogError;

/// Why the gateway does not start, each with what to do where that is not plain.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("{}", listed(.0))]
    Problems(Vec<Problem>),
    #[error("the keys cannot be used")]
    Keys(#[from] KeyError),
    #[error("the key `{0}` is missing; make the keys with `muhrdor keys init`")]
    NoKey(&'static str),
    #[error("the store `{path}` cannot be used; `muhrdor keys init` makes a new one")]
    Store {
        path: PathBuf,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("a log")]
    Tlog(#[from] TlogError),
    #[error("the notary")]
    Notary(#[from] NotaryError),
    #[error("the journal")]
    Journal(#[from] JournalError),
    #[error("the sessions")]
    Sessions(#[source] SessionError),
    #[error("client certificates")]
    Certificates(#[source] SetUpError),
    #[error("the journal cannot be read")]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Handover(#[from] HandoverError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the texts of the pages")]
    Texts(#[from] TextsError),
    #[error(transparent)]
    Facts(#[from] FactFileError),
    #[error("`{what}` in the config: {cause}")]
    Setting { what: String, cause: String },
    #[error("`store.kind = \"memory\"` keeps nothing that another process could read")]
    NothingKept,
}

fn listed(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl AppError {
    /// The error and its causes in one line each.
    #[must_use]
    pub fn told(&self) -> String {
        let mut told = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(next) = cause {
            told.push_str(": ");
            told.push_str(&next.to_string());
            cause = next.source();
        }
        told
    }
}

//! Why something could not be done, and how that is told.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::app::AppError;
#[cfg(feature = "demo")]
use crate::demo::DemoError;
use crate::domain::problem::Problem;
use crate::journal::JournalError;
use crate::keys::KeyError;
use crate::server::ServerError;

/// Why a verb could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("the config `{}` cannot be read", path.display())]
    ConfigUnreadable { path: PathBuf, source: io::Error },
    #[error("the config has problems")]
    Problems(Vec<Problem>),
    #[error("`{}` is not a bundle's folder", .0.display())]
    NoBundle(PathBuf),
    #[error("the questions in `{}` cannot be read", path.display())]
    QuestionsUnreadable { path: PathBuf, source: io::Error },
    #[error("no gateway answers at the control socket `{}`", path.display())]
    NotRunning { path: PathBuf, source: io::Error },
    #[error("the running gateway did not do it: {0}")]
    NotDone(String),
    #[error("`telemetry.filter` in the config: `{filter}` filters nothing")]
    Filter {
        filter: String,
        source: tracing_subscriber::filter::ParseError,
    },
    #[error("`{}` cannot be read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("`{}` cannot be used: {cause}", path.display())]
    Unusable { path: PathBuf, cause: String },
    #[error("what the service manager gave cannot be used")]
    Environment(#[source] io::Error),
    #[error("`{url}` cannot be tried: {cause}")]
    Unreachable { url: String, cause: String },
    #[error("no thread can be started")]
    Threads(#[source] io::Error),
    #[error("the output cannot be written")]
    Output(#[from] io::Error),
    #[error(transparent)]
    App(#[from] AppError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[cfg(feature = "demo")]
    #[error(transparent)]
    Demo(#[from] DemoError),
}

impl CliError {
    /// Says what is wrong, where, and what to do. Silent where the reader of the output has gone.
    pub(super) fn tell(&self, errors: &mut dyn Write) {
        if self.reader_gone() {
            return;
        }
        let told: Vec<String> = match self.problems() {
            Some(problems) => problems.iter().map(ToString::to_string).collect(),
            None => vec![format!("muhrdor: {}{}", self.with_causes(), self.mend())],
        };
        // There is nobody left to tell if this does not arrive.
        let _ = writeln!(errors, "{}", told.join("\n"));
    }

    fn problems(&self) -> Option<&[Problem]> {
        if let Self::Problems(problems) | Self::App(AppError::Problems(problems)) = self {
            return Some(problems);
        }
        None
    }

    fn with_causes(&self) -> String {
        let mut told = self.to_string();
        let mut cause = self.source();
        while let Some(next) = cause {
            let words = next.to_string();
            // An error that is told through repeats the words of its cause.
            if !told.ends_with(&words) {
                told.push_str(": ");
                told.push_str(&words);
            }
            cause = next.source();
        }
        told
    }

    /// What to do about it, where the message itself does not say.
    fn mend(&self) -> &'static str {
        if let Self::ConfigUnreadable { .. } = self {
            return "; name a readable file with `--config`";
        }
        if let Self::NoBundle(_) = self {
            return "; name the folder that holds `vocabulary.toml`";
        }
        if let Self::NotRunning { .. } = self {
            return "; is it running, with this config and as this user?";
        }
        if let Self::Filter { .. } = self {
            return "; write a level such as `info`, or `muhrdor=debug,info`";
        }
        if let Self::App(AppError::Server(cause)) = self {
            return mend_server(cause);
        }
        ""
    }

    /// Whether the output was closed by who read it, as `head` does.
    fn reader_gone(&self) -> bool {
        let closed = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
        #[cfg(feature = "demo")]
        if let Self::Demo(DemoError::Output(cause)) = self {
            return closed(cause);
        }
        matches!(self, Self::Output(cause) if closed(cause))
    }
}

fn mend_server(cause: &ServerError) -> &'static str {
    if let ServerError::AddressInUse { .. } = cause {
        return "; end that program, or choose another address with `--listen` or `--admin`";
    }
    if let ServerError::Listen { .. } = cause {
        return "; choose an address of this machine and a port that this user may use";
    }
    if let ServerError::ControlSocketInUse { .. } = cause {
        return "; end that process, or give this one another `listen.control`";
    }
    if let ServerError::ControlSocket { .. } = cause {
        return "; name a path in a folder of this user as `listen.control`";
    }
    ""
}

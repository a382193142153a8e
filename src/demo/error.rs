//! What can go wrong when the demo is set up or walked.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::demo::http::HttpError;

/// Why the demo does not run. Each is something that the person who started it can act on.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("cannot listen on `{address}`")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("cannot write `{}`", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write to the output")]
    Output(#[source] io::Error),
    #[error("a key or certificate cannot be made: {0}")]
    Key(String),
    #[error("cannot start the process of `{part}`")]
    Start {
        part: &'static str,
        source: io::Error,
    },
    #[error("the process of `{part}` ended or said nothing before it was ready")]
    Silent { part: &'static str },
    #[error("a request of the demo failed")]
    Http(#[from] HttpError),
    #[error("the gateway does not start: {0}")]
    Gateway(String),
    #[error("{failed} of {all} outcomes of the walk were wrong")]
    Walk { failed: usize, all: usize },
}

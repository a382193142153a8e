//! The control socket: how verbs of the command line speak to a running process.
//!
//! A Unix socket that only its owner may open; one line of JSON in, one line of JSON out. Who asks
//! is read from the socket (`SO_PEERCRED`), never from the line.

use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::ServerError;
use super::drain::{Drained, Stage};

/// Where the control socket is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub path: PathBuf,
    #[serde(default = "default_line_bytes_max")]
    pub line_bytes_max: usize,
    #[serde(default = "default_request_ms_max")]
    pub request_ms_max: u64,
}

impl Settings {
    /// The socket at this path, with the usual bounds.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            line_bytes_max: default_line_bytes_max(),
            request_ms_max: default_request_ms_max(),
        }
    }
}

/// Who asks, as the kernel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    pub user: u32,
    pub group: u32,
    pub process: Option<i32>,
}

/// An answer that is being made.
#[expect(
    missing_debug_implementations,
    reason = "a future has nothing to print"
)]
pub struct Telling<'a>(pub Pin<Box<dyn Future<Output = Value> + Send + 'a>>);

/// What the process does when told to. Called concurrently; journals what it does. Dropped when
/// the time for a request is over.
pub trait Control: Send + Sync {
    fn tell(&self, operator: Operator, request: Value) -> Telling<'_>;
}

/// The bound control socket; its file is removed when it ends.
#[derive(Debug)]
pub struct ControlSocket {
    socket: UnixListener,
    settings: Settings,
}

impl ControlSocket {
    /// Binds the socket with mode 0600. A socket file that nobody listens on is replaced; one of a
    /// running process is an error, and so is any other file.
    pub async fn bind(settings: Settings) -> Result<Self, ServerError> {
        let path = &settings.path;
        let failed = |source| ServerError::ControlSocket {
            path: path.clone(),
            source,
        };
        clear_stale(path).await?;
        // Bound under a name of its own first, so that no one opens it before its mode is set.
        let unready = path.with_extension("new");
        match std::fs::remove_file(&unready) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(failed(cause)),
            _ => {}
        }
        let socket = UnixListener::bind(&unready).map_err(failed)?;
        std::fs::set_permissions(&unready, Permissions::from_mode(0o600)).map_err(failed)?;
        std::fs::rename(&unready, path).map_err(failed)?;
        Ok(Self { socket, settings })
    }

    /// Answers until the last stage.
    pub async fn run(self, control: Arc<dyn Control>, mut drained: Drained) {
        let mut tasks = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = drained.reached(Stage::Now) => break,
                Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) if tasks.len() < CONNECTIONS_MAX => {
                    tasks.spawn(converse(
                        stream,
                        self.settings.clone(),
                        Arc::clone(&control),
                    ));
                }
                Ok(_) => {}
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
        tasks.shutdown().await;
        // Gone already, or in a folder that is gone: both leave nothing to remove.
        let _ = std::fs::remove_file(&self.settings.path);
    }
}

const CONNECTIONS_MAX: usize = 16;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

fn default_line_bytes_max() -> usize {
    64 * 1024
}

fn default_request_ms_max() -> u64 {
    30_000
}

async fn clear_stale(path: &Path) -> Result<(), ServerError> {
    let failed = |source| ServerError::ControlSocket {
        path: path.to_owned(),
        source,
    };
    let kind = match std::fs::symlink_metadata(path) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(failed(cause)),
        Ok(metadata) => metadata.file_type(),
    };
    if !kind.is_socket() {
        return Err(failed(ErrorKind::AlreadyExists.into()));
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(ServerError::ControlSocketInUse {
            path: path.to_owned(),
        }),
        Err(_) => std::fs::remove_file(path).map_err(failed),
    }
}

/// Answers the lines of one connection, one after the other, each within its bounds.
async fn converse(stream: UnixStream, settings: Settings, control: Arc<dyn Control>) {
    let Ok(credentials) = stream.peer_cred() else {
        return;
    };
    let operator = Operator {
        user: credentials.uid(),
        group: credentials.gid(),
        process: credentials.pid(),
    };
    let bound = Duration::from_millis(settings.request_ms_max);
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let read = read_line(&mut reader, settings.line_bytes_max);
        let Ok(line) = tokio::time::timeout(bound, read).await else {
            return;
        };
        let (answer, follow) = match line {
            Line::Ended => return,
            Line::TooLong => (json!({"error": "line_too_long"}), Follow::Close),
            Line::Whole(line) => match serde_json::from_slice(&line) {
                Err(_) => (json!({"error": "not_json"}), Follow::Close),
                Ok(request) => {
                    let telling = control.tell(operator, request).0;
                    let answer = tokio::time::timeout(bound, telling).await;
                    (
                        answer.unwrap_or_else(|_| json!({"error": "timeout"})),
                        Follow::Another,
                    )
                }
            },
        };
        let written = writer.write_all(format!("{answer}\n").as_bytes()).await;
        if written.is_err() || follow == Follow::Close {
            return;
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follow {
    Another,
    Close,
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
    Ended,
}

async fn read_line<R>(reader: &mut R, bytes_max: usize) -> Line
where
    R: tokio::io::AsyncBufRead + Unpin,
{
    let mut line = Vec::new();
    let mut bounded = reader.take(bytes_max as u64);
    match bounded.read_until(b'\n', &mut line).await {
        Ok(_) if line.ends_with(b"\n") => Line::Whole(line),
        Ok(count) if count == bytes_max => Line::TooLong,
        Ok(_) | Err(_) => Line::Ended,
    }
}

//! Request heads: the request line (RFC 9112 §3), then fields, then what frames the body (§6).

use crate::wire::path::{Target, TargetError};

use super::field::{Fields, split_field};
use super::line::{Alphabet, LineState, Lines, is_token};
use super::{Limits, Violation};

/// How the body of a request is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    None,
    Length(u64),
    Chunked,
}

/// What a whole head says about the bytes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conclusion {
    pub(super) framing: Framing,
    pub(super) follow: Follow,
    pub(super) sender: Sender,
}

/// Whether the client sends its body unasked or waits for `100 Continue`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sender {
    #[default]
    Sends,
    Waits,
}

/// Whether another request may follow on the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Follow {
    #[default]
    Another,
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    Http10,
    Http11,
}

/// Reads one request head.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    lines: Lines,
    version: Option<Version>,
    fields: Fields,
}

impl HeadReader {
    /// Takes the bytes at the start of `bytes` that decide nothing by themselves; how many there
    /// were. The next one is for [`Self::push`].
    pub(super) fn push_run(&self, bytes: &[u8], held: &mut Vec<u8>, limits: &Limits) -> usize {
        let (alphabet, room) = match self.version {
            None => {
                let open = self.lines.open_bytes(held);
                let room = limits.request_line_bytes_max.saturating_sub(open);
                (Alphabet::Visible, room)
            }
            Some(_) => {
                let room = limits.head_bytes_max.saturating_sub(held.len());
                (Alphabet::Field, room)
            }
        };
        self.lines.push_run(bytes, held, alphabet, room)
    }

    /// Takes one more byte of the head; gives the framing when the head is whole.
    pub(super) fn push(
        &mut self,
        byte: u8,
        held: &mut Vec<u8>,
        limits: &Limits,
    ) -> Result<Option<Conclusion>, Violation> {
        let Some(version) = self.version else {
            return self.push_request_line(byte, held, limits).map(|()| None);
        };
        if held.len() >= limits.head_bytes_max {
            return Err(Violation::HeadTooLong);
        }
        if self.lines.push(byte, held, Alphabet::Field)? == LineState::Open {
            return Ok(None);
        }
        let line = self.lines.take(held);
        if line.is_empty() {
            return self.fields.conclude(version).map(Some);
        }
        let (name, value) = split_field(line, limits)?;
        self.fields.take(name, value, limits).map(|()| None)
    }

    fn push_request_line(
        &mut self,
        byte: u8,
        held: &mut Vec<u8>,
        limits: &Limits,
    ) -> Result<(), Violation> {
        if self.lines.open_bytes(held) >= limits.request_line_bytes_max {
            return Err(Violation::RequestLineTooLong);
        }
        if self.lines.push(byte, held, Alphabet::Visible)? == LineState::Ended {
            self.version = Some(read_request_line(self.lines.take(held), limits)?);
        }
        Ok(())
    }
}

fn read_request_line(line: &[u8], limits: &Limits) -> Result<Version, Violation> {
    if line.is_empty() {
        return Err(Violation::EmptyRequestLine);
    }
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Violation::RequestLine);
    };
    if !is_token(method) {
        return Err(Violation::Method);
    }
    let version = read_version(version)?;
    if method.len() > limits.method_bytes_max {
        return Err(Violation::MethodTooLong);
    }
    if method == b"CONNECT" {
        return Err(Violation::Connect);
    }
    check_target(method, target)?;
    Ok(version)
}

fn read_version(version: &[u8]) -> Result<Version, Violation> {
    match version {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Err(Violation::VersionNotSupported)
        }
        _ => Err(Violation::Version),
    }
}

/// The target is read by the one reader of targets, since the HTTP library cuts off fragments
/// before anyone behind it could refuse them.
fn check_target(method: &[u8], target: &[u8]) -> Result<(), Violation> {
    match Target::parse(target) {
        Ok(_) => Ok(()),
        Err(TargetError::AsteriskForm) if method == b"OPTIONS" => Ok(()),
        Err(TargetError::PathTooLong | TargetError::QueryTooLong) => {
            Err(Violation::RequestLineTooLong)
        }
        Err(_) => Err(Violation::Target),
    }
}

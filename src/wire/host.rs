//! The host a request is for: `Host`, `:authority` and the TLS server name in one form.

use std::fmt;

/// The longest host name, in bytes (RFC 1035 §2.3.4).
pub const HOST_BYTES_MAX: usize = 253;

/// Why an authority is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum HostError {
    #[error("the host is empty")]
    Empty,
    #[error("the host is longer than {HOST_BYTES_MAX} bytes")]
    TooLong,
    #[error("the host has a character that is not allowed")]
    Character,
    #[error("the port is not a number from 1 to 65535")]
    Port,
}

/// A host name or address literal: lower case, no trailing dot, no port.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Host(String);

impl Host {
    /// Reads `uri-host [ ":" port ]` (RFC 9110 §7.2). The port is checked and left out: which
    /// listener a request came to, the socket says. User information is refused.
    pub fn parse(authority: &str) -> Result<Self, HostError> {
        let (name, port) = split_port(authority)?;
        if port.is_some_and(|port| !is_port(port)) {
            return Err(HostError::Port);
        }
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.is_empty() {
            return Err(HostError::Empty);
        }
        if name.len() > HOST_BYTES_MAX {
            return Err(HostError::TooLong);
        }
        if !is_literal(name) && !name.split('.').all(is_label) {
            return Err(HostError::Character);
        }
        Ok(Self(name.to_ascii_lowercase()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({})", self.0)
    }
}

/// A host, or all hosts one label below one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HostPattern {
    Exact(Host),
    /// `*.portal.example`.
    Below(Host),
}

impl HostPattern {
    /// Reads a name, or `*.` and a name of two labels at least. Ports are refused.
    pub fn parse(given: &str) -> Result<Self, HostError> {
        let name = given.strip_prefix("*.");
        let host = Host::parse(name.unwrap_or(given))?;
        let named = |text: &str| {
            text.trim_end_matches('.')
                .eq_ignore_ascii_case(host.as_str())
        };
        if !named(name.unwrap_or(given)) {
            return Err(HostError::Port);
        }
        match name {
            None => Ok(Self::Exact(host)),
            Some(_) if host.as_str().contains('.') && !is_literal(host.as_str()) => {
                Ok(Self::Below(host))
            }
            Some(_) => Err(HostError::Character),
        }
    }

    /// Whether this host is meant: a `*` is one whole label.
    #[must_use]
    pub fn matches(&self, host: &Host) -> bool {
        match self {
            Self::Exact(exact) => exact == host,
            Self::Below(above) => {
                let split = host.as_str().split_once('.');
                split.is_some_and(|(_, rest)| rest == above.as_str())
            }
        }
    }

    /// The one host it is, if it is one.
    #[must_use]
    pub const fn exact(&self) -> Option<&Host> {
        match self {
            Self::Exact(host) => Some(host),
            Self::Below(_) => None,
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => host.fmt(f),
            Self::Below(host) => write!(f, "*.{host}"),
        }
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), HostError> {
    if !authority.starts_with('[') {
        return Ok(match authority.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (authority, None),
        });
    }
    let (name, rest) = authority.split_once(']').ok_or(HostError::Character)?;
    let name_end = name.len() + 1;
    let name = authority.get(..name_end).ok_or(HostError::Character)?;
    match rest.strip_prefix(':') {
        Some(port) => Ok((name, Some(port))),
        None if rest.is_empty() => Ok((name, None)),
        None => Err(HostError::Character),
    }
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0)
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=63).contains(&label.len()) && label.bytes().all(allowed)
}

fn is_literal(name: &str) -> bool {
    let inner = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
}

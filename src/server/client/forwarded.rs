//! `Forwarded` (RFC 7239) and `X-Forwarded-For` of a trusted peer: the client is the first address
//! from the right that is not a trusted proxy's.
//!
//! What stands left of the client is what the client said and is worth nothing. A peer that sends
//! both fields must say the same in both: one of them it passed on unread.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName};

/// The most that is read of either field, in bytes, all its lines together.
pub const FIELD_BYTES_MAX: usize = 4096;
/// The most proxies that may stand between a client and us.
pub const HOPS_MAX: usize = 16;

/// Why nobody knows who the client is. Nothing of what was sent is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForwardedError {
    #[error("a trusted proxy's forwarded field is not well-formed")]
    Malformed,
    #[error("a trusted proxy hides the address it speaks for")]
    Hidden,
    #[error("a trusted proxy's forwarded field is longer than it may be")]
    TooLong,
    #[error("`forwarded` and `x-forwarded-for` name different clients")]
    Disagree,
}

/// The client of a request that came from a trusted `peer`; the peer itself when it speaks for
/// nobody.
///
/// # Errors
/// When what it says cannot be believed.
pub fn client(
    headers: &HeaderMap,
    peer: IpAddr,
    trust: impl Fn(IpAddr) -> bool,
) -> Result<IpAddr, ForwardedError> {
    let standard = match joined(headers, &FORWARDED)? {
        Some(field) => Some(first_untrusted(&fors(&field)?, &trust)?),
        None => None,
    };
    let older = match joined(headers, &X_FORWARDED_FOR)? {
        Some(field) => {
            let elements: Vec<_> = field
                .split(',')
                .map(|one| Node(one.trim_matches(OWS)))
                .collect();
            Some(first_untrusted(&elements, &trust)?)
        }
        None => None,
    };
    match (standard, older) {
        (Some(standard), Some(older)) if standard != older => Err(ForwardedError::Disagree),
        (Some(client), _) | (None, Some(client)) => Ok(client),
        (None, None) => Ok(peer),
    }
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const OWS: [char; 2] = [' ', '\t'];

/// One hop, as it was written.
#[derive(Debug, Clone, Copy)]
struct Node<'f>(&'f str);

/// All lines of a field as the one list they are (RFC 9110 §5.3).
fn joined(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, ForwardedError> {
    let mut field: Option<String> = None;
    for line in headers.get_all(name) {
        let line = line.to_str().map_err(|_| ForwardedError::Malformed)?;
        let field = match &mut field {
            None => field.insert(String::new()),
            Some(field) => {
                field.push(',');
                field
            }
        };
        field.push_str(line);
        if field.len() > FIELD_BYTES_MAX {
            return Err(ForwardedError::TooLong);
        }
    }
    Ok(field)
}

fn first_untrusted(
    hops: &[Node<'_>],
    trust: &impl Fn(IpAddr) -> bool,
) -> Result<IpAddr, ForwardedError> {
    let mut farthest = Err(ForwardedError::Malformed);
    for (hop, node) in hops.iter().rev().enumerate() {
        if hop == HOPS_MAX {
            return Err(ForwardedError::TooLong);
        }
        let address = node.address()?;
        if !trust(address) {
            return Ok(address);
        }
        farthest = Ok(address);
    }
    farthest
}

impl Node<'_> {
    /// The address, without a port (RFC 7239 §6; the older field writes it with and without
    /// brackets).
    fn address(self) -> Result<IpAddr, ForwardedError> {
        let Self(node) = self;
        if node.eq_ignore_ascii_case("unknown") || node.starts_with('_') {
            return Err(ForwardedError::Hidden);
        }
        if let Ok(address) = node.parse::<IpAddr>() {
            return Ok(address.to_canonical());
        }
        let found = match node.strip_prefix('[') {
            Some(inner) => {
                let (address, port) = inner.split_once(']').ok_or(ForwardedError::Malformed)?;
                let address = address.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
                address.filter(|_| port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
            }
            None => node.split_once(':').and_then(|(address, port)| {
                let address = address.parse::<Ipv4Addr>().ok().map(IpAddr::V4);
                address.filter(|_| is_port(port))
            }),
        };
        found
            .map(|address| address.to_canonical())
            .ok_or(ForwardedError::Malformed)
    }
}

fn is_port(text: &str) -> bool {
    (1..=5).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<u16>().is_ok()
}

/// The `for` of each element, the whole field being of RFC 7239's grammar: a quotation mark that a
/// client left open must not swallow what the proxy wrote behind it.
fn fors(field: &str) -> Result<Vec<Node<'_>>, ForwardedError> {
    let mut rest = field;
    let mut nodes = Vec::new();
    loop {
        let (node, after) = element(rest.trim_start_matches(OWS))?;
        nodes.push(node);
        let after = after.trim_start_matches(OWS);
        if after.is_empty() {
            return Ok(nodes);
        }
        rest = after.strip_prefix(',').ok_or(ForwardedError::Malformed)?;
    }
}

/// One element, and what follows it: pairs that are joined by `;`, each parameter once.
fn element(text: &str) -> Result<(Node<'_>, &str), ForwardedError> {
    let mut rest = text;
    let mut names: Vec<String> = Vec::new();
    let mut node = None;
    loop {
        let (name, after) = token(rest)?;
        let after = after.strip_prefix('=').ok_or(ForwardedError::Malformed)?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted_string(quoted)?,
            None => token(after)?,
        };
        let name = name.to_ascii_lowercase();
        if names.contains(&name) {
            return Err(ForwardedError::Malformed);
        }
        if name == "for" {
            node = Some(Node(value));
        }
        names.push(name);
        match after.strip_prefix(';') {
            Some(next) => rest = next,
            // An element that names nobody hides who it was.
            None => return Ok((node.ok_or(ForwardedError::Hidden)?, after)),
        }
    }
}

fn token(text: &str) -> Result<(&str, &str), ForwardedError> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let end = text.bytes().position(|byte| !is_token(byte));
    match text.split_at_checked(end.unwrap_or(text.len())) {
        Some((token, rest)) if !token.is_empty() => Ok((token, rest)),
        _ => Err(ForwardedError::Malformed),
    }
}

/// Up to the closing mark. No node needs a backslash, and a reader that skips one too many sees
/// another list: it is refused.
fn quoted_string(text: &str) -> Result<(&str, &str), ForwardedError> {
    let (value, rest) = text.split_once('"').ok_or(ForwardedError::Malformed)?;
    if value.contains('\\') {
        return Err(ForwardedError::Malformed);
    }
    Ok((value, rest))
}

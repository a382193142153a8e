//! The request target: read once, matched and forwarded as the same bytes.
//!
//! RFC 9112 §3.2 knows four forms; only origin-form is a request to us. What two readers could
//! understand differently is refused here, so that no one behind us has to guess:
//! dot segments, empty segments, encoded separators, `;` (path parameters, which some servers cut
//! off before they match), double encoding, bytes that are not UTF-8 once decoded.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;

/// The longest path, in bytes as received.
pub const PATH_BYTES_MAX: usize = 4096;

/// The longest query, in bytes as received.
pub const QUERY_BYTES_MAX: usize = 8192;

/// Why a request target is none of ours. No variant holds what was sent: a target carries values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TargetError {
    #[error("the request target is empty")]
    Empty,
    #[error("the request target is in absolute form")]
    AbsoluteForm,
    #[error("the request target is `*`")]
    AsteriskForm,
    #[error("the request target is in authority form")]
    AuthorityForm,
    #[error("the path is longer than {PATH_BYTES_MAX} bytes")]
    PathTooLong,
    #[error("the query is longer than {QUERY_BYTES_MAX} bytes")]
    QueryTooLong,
    #[error("a character is not allowed in a request target")]
    Character,
    #[error("a percent sign is not followed by two hexadecimal digits")]
    Escape,
    #[error("an escape stands for a control character")]
    EscapedControl,
    #[error("an escape stands for a separator")]
    EscapedSeparator,
    #[error("an escape is encoded twice")]
    DoubleEncoded,
    #[error("a path segment is `.` or `..`")]
    DotSegment,
    #[error("a path segment is empty")]
    EmptySegment,
    #[error("the decoded path is not UTF-8")]
    NotText,
    #[error("the path is not under the prefix")]
    Prefix,
}

/// Why a query gives no value for a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    #[error("the query parameter `{name}` is given twice")]
    Ambiguous { name: String },
    #[error("the query parameter `{name}` is not UTF-8")]
    NotText { name: String },
}

/// A request target in its one canonical form: unreserved characters plain, every other escape in
/// upper case (RFC 3986 §6.2.2), no dot segment, no empty segment but the last.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Target {
    path: String,
    query: Option<String>,
}

impl Target {
    /// Reads an origin-form target (RFC 9112 §3.2.1). Refuses the other forms each by its own
    /// error, and whatever could be understood in two ways.
    pub fn parse(raw: &[u8]) -> Result<Self, TargetError> {
        match raw.first() {
            None => return Err(TargetError::Empty),
            Some(b'/') => {}
            Some(b'*') if raw.len() == 1 => return Err(TargetError::AsteriskForm),
            Some(_) => return Err(other_form(raw)),
        }
        let mut halves = raw.splitn(2, |byte| *byte == b'?');
        let path = canonical_path(halves.next().unwrap_or_default())?;
        let query = halves.next().map(checked_query).transpose()?;
        Ok(Self { path, query })
    }

    /// The canonical path: what routes match and upstreams get.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query as received, without its `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The path's segments, still encoded; a path that ends in `/` ends in an empty one.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.path.strip_prefix('/').unwrap_or_default().split('/')
    }

    /// Path and query as they go on a request line.
    #[must_use]
    pub fn origin_form(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// The decoded value of the only query parameter of this name; a name given twice is refused,
    /// since the next reader may take the other one.
    pub fn query_value(&self, name: &str) -> Result<Option<Cow<'_, str>>, QueryError> {
        let mut found = None;
        for pair in self.query.as_deref().unwrap_or_default().split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if form_decode(key).is_none_or(|key| key != name) {
                continue;
            }
            if found.is_some() {
                return Err(QueryError::Ambiguous {
                    name: name.to_owned(),
                });
            }
            found = Some(form_decode(value).ok_or(QueryError::NotText {
                name: name.to_owned(),
            })?);
        }
        Ok(found)
    }

    /// This target with `prefix` replaced by `replacement`, read anew, so that a rewrite cannot
    /// make what [`Target::parse`] refuses. The prefix ends at a segment's edge.
    pub fn rebase(&self, prefix: &str, replacement: &str) -> Result<Self, TargetError> {
        let prefix = prefix.trim_end_matches('/');
        let rest = self.path.strip_prefix(prefix).ok_or(TargetError::Prefix)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return Err(TargetError::Prefix);
        }
        let base = replacement.trim_end_matches('/');
        let path = if base.is_empty() && rest.is_empty() {
            "/"
        } else {
            rest
        };
        let path = canonical_path(format!("{base}{path}").as_bytes())?;
        Ok(Self {
            path,
            query: self.query.clone(),
        })
    }

    /// The target's outline with a `*` for every segment and for the query: safe to print.
    #[must_use]
    pub fn template(&self) -> String {
        let mut outline = String::new();
        for segment in self.segments() {
            outline.push_str(if segment.is_empty() { "/" } else { "/*" });
        }
        if self.query.is_some() {
            outline.push_str("?*");
        }
        outline
    }
}

/// Prints the outline only: paths and queries carry personal data.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.template())
    }
}

/// A canonical segment or form value as text.
#[must_use]
pub fn decode(segment: &str) -> Cow<'_, str> {
    percent_decode_str(segment).decode_utf8_lossy()
}

fn other_form(raw: &[u8]) -> TargetError {
    if raw.windows(3).any(|window| window == b"://") {
        return TargetError::AbsoluteForm;
    }
    if raw.contains(&b'/') {
        return TargetError::Character;
    }
    TargetError::AuthorityForm
}

fn canonical_path(raw: &[u8]) -> Result<String, TargetError> {
    if raw.len() > PATH_BYTES_MAX {
        return Err(TargetError::PathTooLong);
    }
    let mut path = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            if !is_path_character(*byte) {
                return Err(TargetError::Character);
            }
            path.push(char::from(*byte));
            continue;
        }
        let (decoded, after) = read_escape(rest)?;
        check_path_escape(decoded)?;
        rest = after;
        if is_unreserved(decoded) {
            path.push(char::from(decoded));
        } else {
            push_escape(&mut path, decoded);
        }
    }
    check_segments(&path)?;
    Ok(path)
}

fn check_path_escape(decoded: u8) -> Result<(), TargetError> {
    match decoded {
        0..=0x1f | 0x7f => Err(TargetError::EscapedControl),
        b'/' | b'\\' | b';' => Err(TargetError::EscapedSeparator),
        _ => Ok(()),
    }
}

fn check_segments(path: &str) -> Result<(), TargetError> {
    let inner = path.strip_prefix('/').ok_or(TargetError::Character)?;
    let mut segments = inner.split('/').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." | ".." => return Err(TargetError::DotSegment),
            "" if segments.peek().is_some() => return Err(TargetError::EmptySegment),
            _ => {}
        }
    }
    // Judged on the canonical form: `%25%36%31` is `%2561` to whoever decodes twice.
    let mut escaped_percents = path.split("%25").skip(1);
    if escaped_percents.any(|after| read_escape(after.as_bytes()).is_ok()) {
        return Err(TargetError::DoubleEncoded);
    }
    // An overlong form such as `%C0%AE` is a dot to a lax decoder; it is not UTF-8.
    match percent_decode_str(path).decode_utf8() {
        Ok(_) => Ok(()),
        Err(_) => Err(TargetError::NotText),
    }
}

fn checked_query(raw: &[u8]) -> Result<String, TargetError> {
    if raw.len() > QUERY_BYTES_MAX {
        return Err(TargetError::QueryTooLong);
    }
    let mut query = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((byte, after)) = rest.split_first() {
        match byte {
            b'#' | b'\\' | b'"' | b'<' | b'>' => return Err(TargetError::Character),
            b'%' => match read_escape(after)?.0 {
                0..=0x1f | 0x7f => return Err(TargetError::EscapedControl),
                _ => {}
            },
            0x21..=0x7e => {}
            _ => return Err(TargetError::Character),
        }
        query.push(char::from(*byte));
        rest = after;
    }
    Ok(query)
}

/// The byte that two hexadecimal digits stand for, and what follows them.
fn read_escape(digits: &[u8]) -> Result<(u8, &[u8]), TargetError> {
    let Some(([high, low], after)) = digits.split_first_chunk::<2>() else {
        return Err(TargetError::Escape);
    };
    match (hex_value(*high), hex_value(*low)) {
        (Some(high), Some(low)) => Ok((high << 4 | low, after)),
        _ => Err(TargetError::Escape),
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn push_escape(text: &mut String, byte: u8) {
    text.push('%');
    for nibble in [byte >> 4, byte & 0x0f] {
        let digit = if nibble < 10 {
            b'0' + nibble
        } else {
            b'A' + nibble - 10
        };
        text.push(char::from(digit));
    }
}

/// A form field (`application/x-www-form-urlencoded`) as text.
fn form_decode(field: &str) -> Option<Cow<'_, str>> {
    if field.contains('+') {
        let spaced = field.replace('+', " ");
        let text = percent_decode_str(&spaced).decode_utf8().ok()?;
        return Some(Cow::Owned(text.into_owned()));
    }
    percent_decode_str(field).decode_utf8().ok()
}

/// RFC 3986 §2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// RFC 3986 §3.3 `pchar` and `/`, without `%` and without `;`.
fn is_path_character(byte: u8) -> bool {
    is_unreserved(byte) || b"/!$&'()*+,=:@".contains(&byte)
}

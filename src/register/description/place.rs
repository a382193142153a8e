//! Where an e-service stands: hosts, prefixes, origins.

use crate::register::template::is_plain_segment;

pub(super) const HOST_MEND: &str = "write one whole host name, in lower case, without port";
pub(super) const PREFIX_MEND: &str = "write a path such as `/pension`";
pub(super) const ORIGIN_MEND: &str = "write an origin such as `https://app.example`";

/// A host name, whole. A pattern would have to be anchored and escaped to mean what its author
/// meant; a name cannot be read in two ways.
pub(super) fn host(given: &str) -> Result<String, String> {
    if given.contains(['*', '^', '$', '(', ')', '[', ']', '\\', '+', '?', '|']) {
        return Err(format!(
            "`{given}` is a pattern, and hosts are matched whole"
        ));
    }
    if given.contains(':') {
        return Err(format!("`{given}` has a port"));
    }
    if given.ends_with('.') {
        return Err(format!("`{given}` has a trailing dot"));
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(plain);
    if given.len() > HOST_BYTES_MAX || !given.split('.').all(is_label) {
        return Err(format!("`{given}` is not a host name"));
    }
    Ok(given.to_owned())
}

/// A prefix at the portal: one segment or more, none of those that belong to the house.
pub(super) fn prefix(given: &str, in_house: bool) -> Result<String, String> {
    let segments = plain_path(given)?;
    let first = segments.first().copied().unwrap_or_default();
    if RESERVED.contains(&first) {
        return Err(format!(
            "`/{first}` is reserved for the gateway's own endpoints"
        ));
    }
    if OF_THE_HOUSE.contains(&first) && !in_house {
        return Err(format!("`/{first}` is kept for e-services of the house"));
    }
    Ok(given.to_owned())
}

/// A prefix at the upstream; `/` and nothing are the same.
pub(super) fn upstream_prefix(given: &str) -> Result<String, String> {
    if given == "/" {
        return Ok(String::new());
    }
    plain_path(given).map(|_| given.to_owned())
}

/// An origin as a browser serialises it (RFC 6454 §6.2).
pub(super) fn origin(given: &str) -> Result<String, String> {
    let parsed = url::Url::parse(given).ok();
    let serialised =
        parsed.map(|url| (url.scheme() == "https", url.origin().ascii_serialization()));
    match serialised {
        Some((true, same)) if same == given => Ok(same),
        _ => Err(format!(
            "`{given}` is not an origin with `https`, exactly as browsers write it"
        )),
    }
}

fn plain_path(given: &str) -> Result<Vec<&str>, String> {
    let Some(inner) = given.strip_prefix('/') else {
        return Err(format!("`{given}` does not begin with `/`"));
    };
    if inner.ends_with('/') || inner.is_empty() {
        return Err(format!("`{given}` ends with `/`"));
    }
    let segments: Vec<_> = inner.split('/').collect();
    match segments.iter().find(|segment| !is_plain_segment(segment)) {
        Some(segment) => Err(format!("the path segment `{segment}` is not plain text")),
        None => Ok(segments),
    }
}

/// RFC 1035 §2.3.4.
const HOST_BYTES_MAX: usize = 253;

/// First segments of the gateway's own endpoints.
const RESERVED: &[&str] = &["oauth2", ".well-known", "tsa", "tlog", "assets"];

/// First segments that only e-services of the house may have: people trust these pages.
const OF_THE_HOUSE: &[&str] = &[
    "my",
    "console",
    "services",
    "statistics",
    "verify",
    "notary",
];

//! What of a client's headers goes on, judged by another eye than the one that lets it through.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use muhrdor::wire::headers::AllowList;

/// The first line names what an operation lets through; each other line is a field of a client's.
pub(super) fn assert_is_listed(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let listed: Vec<HeaderName> = lines
        .next()
        .unwrap_or_default()
        .split(|byte| *byte == b' ')
        .filter_map(|name| HeaderName::from_bytes(name).ok())
        .collect();
    let fields: Vec<(HeaderName, HeaderValue)> = lines.filter_map(field).collect();
    let Ok(allowed) = AllowList::of(listed.iter().cloned()) else {
        assert!(!listed.is_empty(), "an empty list lets nothing through");
        return;
    };
    let mut incoming = HeaderMap::new();
    for (name, value) in &fields {
        incoming.append(name.clone(), value.clone());
    }
    let onward = allowed.select(&incoming, 0);
    for name in onward.keys() {
        assert!(listed.contains(name), "`{name}` was not listed");
        let plain = name.as_str().replace(['_', '.'], "-");
        let is_ours = OURS.contains(&plain.as_str())
            || OUR_PREFIXES.iter().any(|prefix| plain.starts_with(prefix));
        assert!(!is_ours, "`{name}` is the gateway's to say");
        assert!(
            !is_named_by_connection(name, &fields),
            "`{name}` is for the next hop"
        );
        let came: Vec<_> = fields
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| v)
            .collect();
        let times = listed.iter().filter(|listed| *listed == name).count();
        let goes: Vec<_> = onward.get_all(name).iter().collect();
        assert_eq!(goes, came.repeat(times), "`{name}` goes on as it came");
    }
}

fn field(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = HeaderName::from_bytes(&line[..colon]).ok()?;
    let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
    Some((name, value))
}

/// RFC 9110 §7.6.1: a list of names, in any case, with white space around them.
fn is_named_by_connection(name: &HeaderName, fields: &[(HeaderName, HeaderValue)]) -> bool {
    fields
        .iter()
        .filter(|(of, _)| of == "connection")
        .any(|(_, value)| {
            let list = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
            list.split(',')
                .any(|named| named.trim_matches([' ', '\t']) == name.as_str())
        })
}

const OURS: &[&str] = &[
    "connection",
    "content-length",
    "cookie",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-real-ip",
];
const OUR_PREFIXES: &[&str] = &["muhrdor-", "x-forwarded-"];

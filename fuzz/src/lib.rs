//! Fuzz targets as plain functions over bytes: each panics when a property does not hold.
//!
//! `tests/it/fuzz.rs` runs them on stable over a small corpus and a seeded mutator;
//! `fuzz_targets/` hands them to cargo-fuzz for long runs.

mod certificate;
mod client;
mod onward;
mod pdf;

use std::path::Path;

use http::header::{COOKIE, HeaderMap, HeaderValue};
use muhrdor::config::{Config, Overrides};
use muhrdor::pdf::{Document, Sealable};
use muhrdor::server::guard::{Guard, Limits, Place, Verdict};
use muhrdor::wire::cookie::{self, Cookies};
use muhrdor::wire::host::Host;
use muhrdor::wire::path::Target;

pub use certificate::{certificate, list, ocsp};

const SESSION: &str = "__Host-muhrdor";

/// What the guard passes is a prefix of its input, does not depend on cuts, and is judged the same
/// when it is judged again.
pub fn guard(bytes: &[u8]) {
    let whole = judge(&[bytes]);
    let singles: Vec<_> = bytes.chunks(1).collect();
    assert_eq!(whole, judge(&singles), "byte by byte");
    let middle = usize::from(bytes.first().copied().unwrap_or(0)).min(bytes.len());
    let (head, tail) = bytes.split_at(middle);
    assert_eq!(whole, judge(&[head, tail]), "cut at {middle}");
    assert!(
        bytes.starts_with(&whole.released),
        "what passes is what came"
    );
    let again = judge(&[&whole.released]);
    assert_eq!(again.released, whole.released, "what passed passes again");
    assert_eq!(again.whole, whole.whole, "and comes to as many requests");
    assert_framed_once(&whole.released);
}

/// What is a target has one form, which two other readers understand alike.
pub fn target(bytes: &[u8]) {
    let Ok(target) = Target::parse(bytes) else {
        return;
    };
    let text = target.origin_form();
    let again = Target::parse(text.as_bytes()).expect("the canonical form is a target");
    assert_eq!(again.origin_form(), text, "the canonical form is canonical");
    let library: http::uri::PathAndQuery = text.parse().expect("the HTTP library reads it");
    assert_eq!(library.as_str(), text, "and hides nothing of it");
    let url = url::Url::parse(&format!("https://portal.example{text}")).expect("a URL");
    assert_eq!(
        url.path(),
        target.path(),
        "a browser's reader sees the same path"
    );
    assert_eq!(url.fragment(), None, "and no fragment");
    assert!(
        !format!("{target:?}")
            .contains(|c: char| c.is_ascii_alphanumeric() && !"Target".contains(c))
    );
}

/// What is a cookie is read alike from the header that would set it.
pub fn cookie(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.append(COOKIE, value);
    let Ok(cookies) = Cookies::read(&headers) else {
        return;
    };
    let Ok(Some(value)) = cookies.one(SESSION) else {
        return;
    };
    let set = cookie::set(SESSION, value, None).expect("a value that was read can be set");
    let set = set.to_str().expect("text");
    assert_eq!(
        set.split(';').next(),
        Some(format!("{SESSION}={value}").as_str())
    );
}

/// What is a host has one spelling.
pub fn host(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(host) = Host::parse(text) else { return };
    assert_eq!(Host::parse(host.as_str()).as_ref(), Ok(&host));
    assert_eq!(
        Host::parse(&format!("{host}.:443")).is_ok(),
        !host.as_str().ends_with(']')
    );
}

/// A PROXY header is taken to its last byte and no further, says what another reader finds in it,
/// and says it whatever follows.
pub fn proxy(bytes: &[u8]) {
    let Some((taken, announced)) = client::take_header(bytes) else {
        return;
    };
    client::assert_announced(&bytes[..taken], announced);
    let alone = client::take_header(&bytes[..taken]);
    assert_eq!(
        alone,
        Some((taken, announced)),
        "what follows is not looked at"
    );
}

/// The client that forwarded fields name is nobody's proxy where there is such a one, and who
/// stands left of it has no say.
pub fn forwarded(bytes: &[u8]) {
    let Some(headers) = client::fields(bytes) else {
        return;
    };
    let Some(found) = client::client(&headers) else {
        return;
    };
    assert_eq!(found, found.to_canonical(), "one host has one address");
    client::assert_right_hand(&headers, found);
}

/// Of a client's headers only what an operation names goes on, end to end and as it came: nothing
/// that the gateway itself says, in no spelling.
pub fn headers(bytes: &[u8]) {
    onward::assert_is_listed(bytes);
}

/// A config is read, or each problem is told with a place in the file; the same bytes always come
/// to the same. A key that nobody knows is never passed over.
pub fn config(bytes: &[u8]) {
    let path = Path::new("/nowhere/gateway.toml");
    let read = |bytes: &[u8]| Config::read(path, bytes, &Overrides::default()).map(|_| ());
    let first = read(bytes);
    assert_eq!(first, read(bytes), "the same bytes come to the same");
    let lines = bytes.split(|byte| *byte == b'\n').count();
    for problem in first.as_ref().err().into_iter().flatten() {
        assert!(usize::try_from(problem.line).unwrap() <= lines, "{problem}");
        assert_eq!(problem.file, path, "{problem}");
        assert!(
            !problem.what.is_empty() && !problem.mend.is_empty(),
            "{problem}"
        );
    }
    assert_ne!(first, Err(Vec::new()), "a no has a problem");
    let more = [b"muhrdor_unknown_key = 1\n", bytes].concat();
    assert!(read(&more).is_err(), "an unknown key is told");
}

/// What is read as a PDF is read whole; what of it can be sealed can be added to and sealed, keeps
/// every byte and every object, and can be read again.
pub fn pdf(bytes: &[u8]) {
    let bytes = pdf::of(bytes);
    let Ok(document) = Document::read(&bytes) else {
        return;
    };
    pdf::assert_is_whole(&document);
    let Ok(sealable) = Sealable::screen(&document) else {
        return;
    };
    pdf::assert_is_kept(&document, &sealable);
    pdf::assert_is_sealed(&document, &sealable);
}

#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    released: Vec<u8>,
    whole: usize,
    place: Place,
}

fn judge(pieces: &[&[u8]]) -> Outcome {
    let mut guard = Guard::new(Limits::default());
    let mut released = Vec::new();
    let mut whole = 0;
    'connection: for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let fed = guard.feed(rest, &mut released);
            rest = &rest[fed.consumed..];
            match fed.verdict {
                Verdict::More => {}
                Verdict::RequestEnd => {
                    whole += 1;
                    guard.proceed();
                    if guard.place() == Place::End {
                        break 'connection;
                    }
                }
                Verdict::Refuse(_) => break 'connection,
            }
        }
    }
    Outcome {
        released,
        whole,
        place: guard.place(),
    }
}

/// The first head that passed, read by another eye: lines end in CR LF only, and one field at most
/// says how long the body is.
fn assert_framed_once(released: &[u8]) {
    let Some(end) = released.windows(4).position(|window| window == b"\r\n\r\n") else {
        return;
    };
    let head = &released[..end];
    let lines: Vec<_> = head.split(|byte| *byte == b'\n').collect();
    let (last, inner) = lines.split_last().expect("a head has a line");
    assert!(inner.iter().all(|line| line.ends_with(b"\r")) && !last.contains(&b'\r'));
    let frames = |line: &&&[u8]| {
        let lower = line.to_ascii_lowercase();
        lower.starts_with(b"content-length:") || lower.starts_with(b"transfer-encoding:")
    };
    assert!(lines.iter().filter(frames).count() <= 1);
}

//! The attacks that can be tried from outside without doing harm: one table, for operators and for
//! tests. The ids are those of the attack cases; what breaks nobody's rules is not in it.

use crate::cli::selftest::frames::{self, Field};

/// One attack, and what must come of it.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: &'static str,
    pub what: &'static str,
    pub sends: Sends,
    pub expects: Expects,
}

/// What is sent, in a connection of its own.
#[derive(Debug, Clone)]
pub enum Sends {
    Http1(Vec<u8>),
    /// Frames after the preface and an empty SETTINGS; what is asked stands on stream 1.
    Http2(Vec<u8>),
    /// The same, and no answer to one of its streams is waited for.
    Flood(Vec<u8>),
    /// Bytes in the place of a TLS handshake.
    Hello(Vec<u8>),
}

/// What must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expects {
    /// A refusal or nothing, and the end of the connection: what follows is not taken for a request.
    Refused,
    /// One answer with one of these statuses.
    Status(&'static [u16]),
    /// One answer, with the status that this path has when it is asked plainly.
    As(&'static str),
    /// A refusal that does not show this text.
    Hidden(&'static str),
    /// A refusal on the stream, a stream error or a connection error.
    StreamRefused,
    /// The end of the connection.
    ConnectionEnded,
    /// No handshake.
    NoHandshake,
}

/// All attacks, as they are sent to this host.
#[must_use]
pub fn corpus(host: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = REFUSED
        .iter()
        .map(|(id, what, bytes)| Case {
            id,
            what,
            sends: Sends::Http1(followed(at(bytes, host), host)),
            expects: Expects::Refused,
        })
        .collect();
    cases.extend(long(host));
    cases.extend(ANSWERED.iter().map(|(id, what, bytes, expects)| Case {
        id,
        what,
        sends: Sends::Http1(at(bytes, host)),
        expects: *expects,
    }));
    cases.extend(streams(host));
    cases.extend(floods(host));
    cases.push(Case {
        id: "MT-17",
        what: "a hello that offers TLS 1.1 at most",
        sends: Sends::Hello(old_hello()),
        expects: Expects::NoHandshake,
    });
    cases
}

/// A plain request for a path.
#[must_use]
pub fn plain(path: &str, host: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").into_bytes()
}

/// The bytes with the host in its places, and with a dot behind it where that is asked for.
fn at(bytes: &[u8], host: &str) -> Vec<u8> {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, format!(":{port}")),
        Some(_) | None => (host, String::new()),
    };
    let dotted = format!("{name}.{port}");
    let mut rest = bytes;
    let mut placed = Vec::with_capacity(bytes.len() + host.len());
    while let Some((first, after)) = rest.split_first() {
        let (part, left) = match rest.get(..3) {
            Some(b"{h}") => (host.as_bytes(), rest.get(3..)),
            Some(b"{d}") => (dotted.as_bytes(), rest.get(3..)),
            Some(_) | None => (std::slice::from_ref(first), Some(after)),
        };
        placed.extend_from_slice(part);
        rest = left.unwrap_or_default();
    }
    placed
}

/// With another request behind, which nobody may answer.
fn followed(mut bytes: Vec<u8>, host: &str) -> Vec<u8> {
    bytes.extend_from_slice(&plain("/muhrdor-selftest-second", host));
    bytes
}

/// Attacks whose bytes are many.
fn long(host: &str) -> Vec<Case> {
    let head = |line: &str, fields: &str| {
        let bytes = format!("{line} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        Sends::Http1(followed(bytes.into_bytes(), host))
    };
    let case = |id, what, sends| Case {
        id,
        what,
        sends,
        expects: Expects::Refused,
    };
    let many = "X-Many: x\r\n".repeat(300);
    vec![
        case(
            "FR-22",
            "a header name of 70 000 bytes",
            head("GET /", &format!("{}: x\r\n", "a".repeat(70_000))),
        ),
        case(
            "FR-22",
            "a header value of 200 000 bytes",
            head("GET /", &format!("X-Long: {}\r\n", "a".repeat(200_000))),
        ),
        case("RL-01", "300 header fields", head("GET /", &many)),
        case(
            "RL-01",
            "a target of 100 000 bytes",
            head(&format!("GET /{}", "a".repeat(100_000)), ""),
        ),
    ]
}

/// Requests of HTTP/2 that an HTTP/1 upstream would read otherwise (RFC 9113 §8.2, §8.3).
fn streams(host: &str) -> Vec<Case> {
    let get = |path: &'static str| -> Vec<Field> {
        vec![
            (b":method".to_vec(), b"GET".to_vec()),
            (b":scheme".to_vec(), b"https".to_vec()),
            (b":authority".to_vec(), host.as_bytes().to_vec()),
            (b":path".to_vec(), path.as_bytes().to_vec()),
        ]
    };
    let with = |name: &[u8], value: &[u8]| {
        let mut fields = get("/");
        fields.push((name.to_vec(), value.to_vec()));
        fields
    };
    let late = {
        let mut fields = with(b"accept", b"*/*");
        fields.swap(3, 4);
        fields
    };
    let rows: Vec<(&'static str, &'static str, Vec<Field>)> = vec![
        (
            "H2-07",
            "`transfer-encoding`",
            with(b"transfer-encoding", b"chunked"),
        ),
        ("H2-07", "`connection`", with(b"connection", b"close")),
        ("H2-07", "`upgrade`", with(b"upgrade", b"websocket")),
        (
            "H2-07",
            "`te` other than `trailers`",
            with(b"te", b"chunked"),
        ),
        ("H2-07", "an upper-case name", with(b"X-Upper", b"x")),
        ("H2-07", "a name with a space", with(b"x y", b"x")),
        ("H2-07", "an empty name", with(b"", b"x")),
        (
            "H2-07",
            "CR LF in a value",
            with(b"x", b"a\r\ntransfer-encoding: chunked"),
        ),
        ("H2-07", "NUL in a value", with(b"x", b"a\0b")),
        ("H2-07", "a second `:path`", with(b":path", b"/other")),
        ("H2-07", "an unknown pseudo-header", with(b":other", b"x")),
        ("H2-07", "a pseudo-header after a field", late),
        (
            "H2-07",
            "another `host` than `:authority`",
            with(b"host", b"other.invalid"),
        ),
        (
            "H2-07",
            "a `content-length` and no content",
            with(b"content-length", b"5"),
        ),
        ("PA-14", "`:path` without its slash", get("admin/x")),
        ("PA-14", "an empty `:path`", get("")),
        ("PA-14", "`:path` that begins with a space", get(" /admin")),
        ("PA-06", "an encoded slash in `:path`", get("/a%2f..%2fb")),
        ("PA-04", "dot segments in `:path`", get("/a/../b")),
    ];
    let case = |(id, what, fields): (&'static str, &'static str, Vec<Field>)| Case {
        id,
        what,
        sends: Sends::Http2(frames::headers(1, &fields)),
        expects: Expects::StreamRefused,
    };
    rows.into_iter().map(case).collect()
}

/// Small floods: enough to be noticed, not enough to hurt.
fn floods(host: &str) -> Vec<Case> {
    let fields: Vec<Field> = vec![
        (b":method".to_vec(), b"GET".to_vec()),
        (b":scheme".to_vec(), b"https".to_vec()),
        (b":authority".to_vec(), host.as_bytes().to_vec()),
        (b":path".to_vec(), b"/muhrdor-selftest".to_vec()),
    ];
    let resets = (0..2_000_u32).flat_map(|n| {
        let stream = 2 * n + 1;
        [frames::headers(stream, &fields), frames::reset(stream)].concat()
    });
    let open = [
        frames::unfinished(1, &fields),
        frames::continuations(1, 400),
    ]
    .concat();
    vec![
        Case {
            id: "H2-01",
            what: "2 000 streams that are reset at once",
            sends: Sends::Flood(resets.collect()),
            expects: Expects::ConnectionEnded,
        },
        Case {
            id: "H2-03",
            what: "400 CONTINUATION frames without an end",
            sends: Sends::Flood(open),
            expects: Expects::ConnectionEnded,
        },
    ]
}

/// TLS 1.1 is the most that it offers (RFC 4346 §7.4.1.2).
fn old_hello() -> Vec<u8> {
    let mut body = vec![3, 2];
    body.extend_from_slice(&[0x6d; 32]);
    // No session; five suites with CBC; no compression.
    body.extend_from_slice(&[
        0, 0, 10, 0xc0, 0x14, 0xc0, 0x13, 0, 0x35, 0, 0x2f, 0, 0x0a, 1, 0,
    ]);
    // supported_groups: P-256; ec_point_formats: uncompressed.
    body.extend_from_slice(&[0, 14, 0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0]);
    let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
    let mut record = vec![22, 3, 1, 0, length.saturating_add(4), 1, 0, 0, length];
    record.append(&mut body);
    record
}

/// Each is followed by another request.
const REFUSED: &[(&str, &str, &[u8])] = &[
    ("FR-01", "Content-Length, then Transfer-Encoding",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("FR-01", "Transfer-Encoding, then Content-Length",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    ("FR-02", "two lengths that differ",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    ("FR-02", "a list of lengths that differ",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nContent-Length: 1, 2\r\n\r\nab"),
    ("FR-02", "a length with a sign",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nContent-Length: +1\r\n\r\na"),
    ("FR-04", "a space before the colon",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nContent-Length : 1\r\n\r\na"),
    ("FR-04", "a first field that begins with a tab",
        b"GET / HTTP/1.1\r\n\tX: 1\r\nHost: {h}\r\n\r\n"),
    ("FR-04", "a folded line",
        b"GET / HTTP/1.1\r\nHost: {h}\r\nX: a\r\n b\r\n\r\n"),
    ("FR-05", "`chunked` after an empty coding",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n"),
    ("FR-05", "`chunked, identity`",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    ("FR-05", "`identity`",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: identity\r\n\r\n"),
    ("FR-05", "`xchunked`",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    ("FR-05", "a vertical tab before `chunked`",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
    ("FR-05", "`chunked` in quotes",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
    ("FR-05", "two codings in two fields",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("FR-05", "an empty coding",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding:\r\n\r\n"),
    ("FR-06", "`chunked` in HTTP/1.0",
        b"POST / HTTP/1.0\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("FR-07", "a chunk size with `0x`",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n"),
    ("FR-07", "a chunk size with a sign",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n"),
    ("FR-07", "a chunk size with an underscore",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n\r\n0_1\r\na\r\n0\r\n\r\n"),
    ("FR-07", "an empty chunk size",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n\r\n\r\na\r\n0\r\n\r\n"),
    ("FR-07", "a chunk size of 17 digits",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\na\r\n0\r\n\r\n"),
    ("FR-09", "a bare line feed after a field",
        b"GET / HTTP/1.1\r\nHost: {h}\nX: a\r\n\r\n"),
    ("FR-09", "a bare carriage return in a value",
        b"GET / HTTP/1.1\r\nHost: {h}\r\nX: a\rb\r\n\r\n"),
    ("FR-09", "NUL in a value",
        b"GET / HTTP/1.1\r\nHost: {h}\r\nX: a\0b\r\n\r\n"),
    ("FR-09", "a byte above ASCII in a name",
        b"GET / HTTP/1.1\r\nHost: {h}\r\nX\x85: v\r\n\r\n"),
    ("FR-09", "a parenthesis in a name",
        b"GET / HTTP/1.1\r\nHost: {h}\r\nX(: v\r\n\r\n"),
    ("FR-09", "a space in a name",
        b"GET / HTTP/1.1\r\nHost: {h}\r\nX Y: v\r\n\r\n"),
    ("FR-09", "an empty name",
        b"GET / HTTP/1.1\r\nHost: {h}\r\n: v\r\n\r\n"),
    ("FR-09", "a field without a colon",
        b"GET / HTTP/1.1\r\nHost: {h}\r\nX\r\n\r\n"),
    ("FR-10", "tabs in the request line",
        b"GET\t/\tHTTP/1.1\r\nHost: {h}\r\n\r\n"),
    ("FR-10", "two spaces in the request line",
        b"GET  / HTTP/1.1\r\nHost: {h}\r\n\r\n"),
    ("FR-10", "no version",
        b"GET /\r\nHost: {h}\r\n\r\n"),
    ("FR-10", "HTTP/1.32",
        b"GET / HTTP/1.32\r\nHost: {h}\r\n\r\n"),
    ("FR-10", "HTTP/2.0 in HTTP/1",
        b"GET / HTTP/2.0\r\nHost: {h}\r\n\r\n"),
    ("FR-11", "a request line within the method",
        b"G=\":<>(e),[T];?\" /get HTTP/1.1\r\nHost: {h}\r\n\r\n"),
    ("FR-14", "no host",
        b"GET / HTTP/1.1\r\nX: a\r\n\r\n"),
    ("FR-14", "two hosts",
        b"GET / HTTP/1.1\r\nHost: {h}\r\nHost: other.invalid\r\n\r\n"),
    ("FR-15", "an expectation that nobody knows",
        b"POST / HTTP/1.1\r\nHost: {h}\r\nExpect: foo\r\nContent-Length: 40\r\n\r\n"),
    ("PA-03", "`#` in the target",
        b"GET /admin#/public/ HTTP/1.1\r\nHost: {h}\r\n\r\n"),
    ("PA-06", "a backslash in the target",
        b"GET /a\\x HTTP/1.1\r\nHost: {h}\r\n\r\n"),
];

const ANSWERED: &[(&str, &str, &[u8], Expects)] = &[
    ("PA-04", "dot segments",
        b"GET /a/../b HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::Status(&[400])),
    ("PA-06", "encoded slashes around dots",
        b"GET /a%2f..%2fb HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::Status(&[400])),
    ("PA-06", "an encoded backslash",
        b"GET /a%5cb HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::Status(&[400])),
    ("PA-07", "encoded dots",
        b"GET /a/%2e%2e/b HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::Status(&[400])),
    ("PA-07", "an encoded NUL",
        b"GET /a%00 HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::Status(&[400])),
    ("PA-07", "an encoded DEL",
        b"GET /a%7f HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::Status(&[400])),
    ("PA-08", "half an escape",
        b"GET /a%2 HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::Status(&[400])),
    ("PA-11", "`OPTIONS *`",
        b"OPTIONS * HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::Status(&[204, 400, 405])),
    ("PA-23", "TRACE",
        b"TRACE / HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::Status(&[400, 405, 501])),
    ("PA-23", "a method in lower case",
        b"get / HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::Status(&[400, 405, 501])),
    ("PA-23", "a method that nobody knows",
        b"FOO / HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::Status(&[400, 405, 501])),
    ("FR-19", "CONNECT",
        b"CONNECT other.invalid:443 HTTP/1.1\r\nHost: other.invalid:443\r\nConnection: close\r\n\r\n",
        Expects::Status(&[400, 405, 421, 501])),
    ("MT-04", "another host than the handshake's",
        b"GET / HTTP/1.1\r\nHost: other.invalid\r\nConnection: close\r\n\r\n", Expects::Status(&[421])),
    ("AD-02", "an absolute target of another host",
        b"GET http://other.invalid/livez HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n",
        Expects::Status(&[400, 404, 421])),
    ("HS-01", "`X_Forwarded_User`, an alias of a header of identity",
        b"GET / HTTP/1.1\r\nHost: {h}\r\nX_Forwarded_User: root\r\nConnection: close\r\n\r\n",
        Expects::Status(&[400])),
    ("HS-02", "`Muhrdor.User`, an alias of a header of identity",
        b"GET / HTTP/1.1\r\nHost: {h}\r\nMuhrdor.User: root\r\nConnection: close\r\n\r\n",
        Expects::Status(&[400])),
    ("HS-06", "headers of proxies that are none",
        b"GET /muhrdor-selftest-unknown HTTP/1.1\r\nHost: {h}\r\nX-Forwarded-Uri: /\r\nX-Original-URL: /\r\n\
          X-Rewrite-URL: /\r\nX-HTTP-Method-Override: HEAD\r\nConnection: close\r\n\r\n",
        Expects::As("/muhrdor-selftest-unknown")),
    ("HS-17", "the host with a trailing dot",
        b"GET / HTTP/1.1\r\nHost: {d}\r\nConnection: close\r\n\r\n", Expects::As("/")),
    ("AD-01", "/metrics",
        b"GET /metrics HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::As("/muhrdor-selftest-unknown")),
    ("AD-01", "/config_dump",
        b"GET /config_dump HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::As("/muhrdor-selftest-unknown")),
    ("AD-01", "/readyz",
        b"GET /readyz HTTP/1.1\r\nHost: {h}\r\nConnection: close\r\n\r\n", Expects::As("/muhrdor-selftest-unknown")),
    ("AD-04", "markup in the path",
        b"GET /%3Cimg%20src=x%20onerror=alert(1)%3E HTTP/1.1\r\nHost: {h}\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
        Expects::Hidden("<img")),
];

//! The guard as a pure state machine: rows FR of the attack cases, each at every possible cut.

use muhrdor::server::guard::{Guard, Limits, Place, Verdict, Violation};

/// What a byte string came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) released: Vec<u8>,
    pub(crate) requests_whole: usize,
    pub(crate) place: Place,
}

/// Feeds pieces to a guard, going on after each whole request.
pub(crate) fn judge<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut guard = Guard::new(Limits::default());
    let mut released = Vec::new();
    let mut requests_whole = 0;
    'connection: for piece in pieces {
        let mut rest = piece;
        while !rest.is_empty() {
            let fed = guard.feed(rest, &mut released);
            rest = &rest[fed.consumed..];
            match fed.verdict {
                Verdict::More => {}
                Verdict::RequestEnd => {
                    requests_whole += 1;
                    if guard.place() == Place::End {
                        break 'connection;
                    }
                    guard.proceed();
                }
                Verdict::Refuse(_) => break 'connection,
            }
        }
    }
    Outcome {
        released,
        requests_whole,
        place: guard.place(),
    }
}

/// Judges the bytes whole, byte by byte, and cut in two at every place; all must agree.
pub(crate) fn judge_every_cut(bytes: &[u8]) -> Outcome {
    let whole = judge([bytes]);
    assert_eq!(
        whole,
        judge(bytes.chunks(1)),
        "byte by byte: {}",
        bytes.escape_ascii()
    );
    for cut in 0..bytes.len() {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(
            whole,
            judge([first, second]),
            "cut at {cut}: {}",
            bytes.escape_ascii()
        );
    }
    whole
}

fn refuses(rows: &[(&str, &[u8], Violation)]) {
    const FOLLOWER: &[u8] = b"GET /second HTTP/1.1\r\nHost: a\r\n\r\n";
    for (id, bytes, expected) in rows {
        let piped = [bytes, FOLLOWER].concat();
        let outcome = judge_every_cut(&piped);
        let said = bytes.escape_ascii();
        assert_eq!(outcome.place, Place::Refused(*expected), "{id}: {said}");
        assert_eq!(outcome.requests_whole, 0, "{id}: {said}");
        assert_eq!(
            outcome.released.escape_ascii().to_string(),
            "",
            "{id}: {said}"
        );
    }
}

fn passes(rows: &[(&str, &[u8], usize)]) {
    for (id, bytes, requests) in rows {
        let outcome = judge_every_cut(bytes);
        let said = bytes.escape_ascii();
        assert_eq!(outcome.requests_whole, *requests, "{id}: {said}");
        assert_eq!(
            outcome.released.escape_ascii().to_string(),
            said.to_string(),
            "{id}"
        );
    }
}

#[test]
#[rustfmt::skip]
fn what_has_one_reading_passes_unchanged() {
    passes(&[
        ("plain", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1),
        ("two", b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", 2),
        ("length", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nsealGET / HTTP/1.1\r\nHost: a\r\n\r\n", 2),
        ("chunked", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nseal\r\n0A\r\n0123456789\r\n0\r\n\r\n", 1),
        ("trailer", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ns\r\n0\r\nDigest: x\r\n\r\n", 1),
        ("whitespace", b"GET / HTTP/1.1\r\nHost:\t a \t\r\nX:\r\nY: \xd0\x90\r\n\r\n", 1),
        ("options", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 1),
        ("expect", b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx", 1),
        ("FR-12", b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nGETGET / HTTP/1.1\r\nHost: a\r\n\r\n", 2),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_head_that_could_be_framed_in_two_ways_is_refused() {
    use Violation as V;
    refuses(&[
        ("FR-01", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", V::TransferEncodingMisplaced),
        ("FR-01", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", V::TransferEncodingMisplaced),
        ("FR-02", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", V::ContentLengthRepeated),
        ("FR-02", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", V::ContentLengthRepeated),
        ("FR-02", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", V::ContentLength),
        ("FR-02", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", V::ContentLength),
        ("FR-02", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", V::ContentLength),
        ("FR-02", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", V::ContentLength),
        ("FR-02", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", V::ContentLength),
        ("FR-04", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 34\r\n\r\n", V::HeaderName),
        ("FR-04", b"POST / HTTP/1.1\r\n\tContent-Length: 1\r\nHost: a\r\n\r\n", V::FoldedHeader),
        ("FR-04", b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n folded\r\n\r\n", V::FoldedHeader),
        ("FR-06", b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", V::TransferEncodingMisplaced),
        ("FR-14", b"GET / HTTP/1.1\r\n\r\n", V::HostMissing),
        ("FR-14", b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", V::HostRepeated),
        ("FR-14", b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", V::Host),
        ("FR-14", b"GET / HTTP/1.1\r\nHost:\r\n\r\n", V::Host),
        ("FR-15", b"POST / HTTP/1.1\r\nHost: a\r\nExpect: foo\r\nContent-Length: 3\r\n\r\n", V::Expectation),
        ("FR-15", b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, foo\r\n\r\n", V::Expectation),
    ]);
}

#[test]
#[rustfmt::skip]
fn only_the_exact_coding_chunked_is_understood() {
    let codings: &[&[u8]] = &[
        b",chunked", b"chunked,", b"chunked, identity", b"identity", b"xchunked", b"\xa0chunked",
        b"\"chunked\"", b"", b"gzip, chunked", b"chunked, chunked", b"Chunked", b"chunked;q=1",
    ];
    for coding in codings {
        let head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ".as_slice();
        let bytes = [head, coding, b"\r\n\r\n0\r\n\r\n"].concat();
        refuses(&[("FR-05", &bytes, Violation::TransferEncoding)]);
    }
    refuses(&[
        ("FR-05", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Violation::TransferEncoding),
        ("FR-05", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", Violation::ControlCharacter),
    ]);
}

#[test]
fn a_chunk_that_could_end_in_two_places_is_refused_before_its_head_passes() {
    use Violation as V;
    let sizes: &[(&[u8], Violation)] = &[
        (b"0_2e", V::ChunkSize),
        (b"0x1", V::ChunkSize),
        (b"+1", V::ChunkSize),
        (b" 1", V::ChunkSize),
        (b"1 ", V::ChunkSize),
        (b"1these", V::ChunkSize),
        (b"", V::ChunkSize),
        (b"00000000000000001", V::ChunkSize),
        (b"1;x=y", V::ChunkSize),
        (b"1\t", V::ControlCharacter),
        (b"ffffffffffffffff", V::ChunkTooLarge),
    ];
    for (size, expected) in sizes {
        let head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice();
        refuses(&[(
            "FR-07",
            &[head, size, b"\r\nx\r\n0\r\n\r\n"].concat(),
            *expected,
        )]);
    }
}

#[test]
fn a_chunk_that_goes_wrong_later_passes_no_further_byte() {
    use Violation as V;
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx".as_slice();
    let rows: &[(&[u8], Violation)] = &[
        (b"y\r\n0\r\n\r\n", V::ChunkEnd),
        (b"\n0\r\n\r\n", V::BareLineFeed),
        (b"\r\r\n0\r\n\r\n", V::BareCarriageReturn),
        (b"\r\n0\n\n", V::BareLineFeed),
        (b"\r\n0\r\nContent-Length: 3\r\n\r\n", V::Trailer),
        (b"\r\n0\r\nHost: b\r\n\r\n", V::Trailer),
        (b"\r\n0\r\nMuhrdor-Assertion: b\r\n\r\n", V::Trailer),
        (b"\r\n0\r\nX-Forwarded-For: b\r\n\r\n", V::Trailer),
        (b"\r\n0\r\nbad name: b\r\n\r\n", V::HeaderName),
        (b"\r\n0\r\na_b: b\r\n\r\n", V::AliasHeaderName),
    ];
    for (tail, expected) in rows {
        let outcome = judge_every_cut(&[head, tail].concat());
        let said = tail.escape_ascii();
        assert_eq!(outcome.place, Place::Refused(*expected), "FR-07: {said}");
        assert_eq!(outcome.requests_whole, 0, "FR-07: {said}");
        assert!(outcome.released.starts_with(head), "FR-07: {said}");
        assert!(!outcome.released.ends_with(b"\r\n\r\n"), "FR-07: {said}");
    }
}

#[test]
#[rustfmt::skip]
fn a_line_ends_in_one_way_and_a_name_has_one_spelling() {
    use Violation as V;
    refuses(&[
        ("FR-09", b"GET / HTTP/1.1\nHost: a\n\n", V::BareLineFeed),
        ("FR-09", b"GET / HTTP/1.1\r\nHost: a\n\r\n", V::BareLineFeed),
        ("FR-09", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", V::BareCarriageReturn),
        ("FR-09", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", V::ControlCharacter),
        ("FR-09", b"GET / HTTP/1.1\r\nHost: a\r\nHeader\x85: v\r\n\r\n", V::HeaderName),
        ("FR-09", b"GET / HTTP/1.1\r\nHost: a\r\n\xefoo: bar\r\n\r\n", V::HeaderName),
        ("FR-09", b"GET / HTTP/1.1\r\nHost: a\r\nX(: v\r\n\r\n", V::HeaderName),
        ("FR-09", b"GET / HTTP/1.1\r\nHost: a\r\nX Y: v\r\n\r\n", V::HeaderName),
        ("FR-09", b"GET / HTTP/1.1\r\nHost: a\r\n: v\r\n\r\n", V::HeaderName),
        ("FR-09", b"GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n", V::HeaderName),
        ("HS-01", b"GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_User: root\r\n\r\n", V::AliasHeaderName),
        ("HS-02", b"GET / HTTP/1.1\r\nHost: a\r\nMuhrdor.User: root\r\n\r\n", V::AliasHeaderName),
        ("FR-04", b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", V::EmptyRequestLine),
        ("connection", b"GET / HTTP/1.1\r\nHost: a\r\nConnection: a b\r\n\r\n", V::Connection),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_request_line_has_three_parts_and_two_spaces() {
    use Violation as V;
    refuses(&[
        ("FR-10", b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", V::ControlCharacter),
        ("FR-10", b"GET\x0b/\x0bHTTP/1.1\r\nHost: a\r\n\r\n", V::ControlCharacter),
        ("FR-10", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", V::RequestLine),
        ("FR-10", b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", V::RequestLine),
        ("FR-10", b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", V::RequestLine),
        ("FR-10", b"GET /\nHTTP/1.1\r\nHost: a\r\n\r\n", V::BareLineFeed),
        ("FR-10", b"GET /\r\nHost: a\r\n\r\n", V::RequestLine),
        ("FR-10", b"GET / HTTP/1.32\r\nHost: a\r\n\r\n", V::Version),
        ("FR-10", b"GET / http/1.1\r\nHost: a\r\n\r\n", V::Version),
        ("FR-10", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", V::VersionNotSupported),
        ("FR-10", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", V::VersionNotSupported),
        ("FR-11", b"G=\":<>(e),[T];?\" /get HTTP/1.1\r\nHost: a\r\n\r\n", V::Method),
        ("FR-19", b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", V::Connect),
        ("method", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\nHost: a\r\n\r\n", V::MethodTooLong),
        ("PA-03", b"GET /admin#/public/ HTTP/1.1\r\nHost: a\r\n\r\n", V::Target),
        ("PA-04", b"GET /public/../admin HTTP/1.1\r\nHost: a\r\n\r\n", V::Target),
        ("PA-11", b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", V::Target),
        ("AD-02", b"GET http://evil/ping HTTP/1.1\r\nHost: a\r\n\r\n", V::Target),
    ]);
}

#[test]
fn what_is_too_long_or_too_many_is_refused_while_it_comes() {
    use Violation as V;
    let request = |header: String| format!("GET / HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n");
    let rows = [
        (
            "FR-22",
            request(format!("{}: v", "n".repeat(300))),
            V::HeaderNameTooLong,
        ),
        (
            "FR-22",
            request(format!("{}: v", "n".repeat(66_000))),
            V::HeadTooLong,
        ),
        (
            "FR-22",
            request(format!("n: {}", "v".repeat(20_000))),
            V::HeaderValueTooLong,
        ),
        ("FR-22", request("n: v\r\n".repeat(120)), V::TooManyHeaders),
        (
            "FR-22",
            format!("GET /{} HTTP/1.1\r\n", "p".repeat(14_000)),
            V::RequestLineTooLong,
        ),
        (
            "FR-22",
            format!("GET /{} HTTP/1.1\r\n", "p".repeat(5_000)),
            V::RequestLineTooLong,
        ),
    ];
    for (id, bytes, expected) in rows {
        let outcome = judge([bytes.as_bytes()]);
        assert_eq!(outcome.place, Place::Refused(expected), "{id}");
        assert_eq!(outcome, judge(bytes.as_bytes().chunks(997)), "{id}");
        assert!(outcome.released.is_empty(), "{id}");
    }
}

#[test]
fn nothing_after_the_last_request_of_a_connection_is_read() {
    let rows: &[(&str, &[u8])] = &[
        (
            "FR-16",
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        ),
        (
            "close",
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Close\r\n\r\n",
        ),
        (
            "1.0",
            b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        ),
    ];
    for (id, bytes) in rows {
        let outcome = judge_every_cut(
            &[bytes, b"GET /admin HTTP/1.1\r\nHost: a\r\n\r\n".as_slice()].concat(),
        );
        assert_eq!(outcome.requests_whole, 1, "{id}");
        assert_eq!(outcome.place, Place::End, "{id}");
        assert_eq!(outcome.released, *bytes, "{id}");
    }
}

#[test]
fn every_violation_has_its_own_code_and_an_error_status() {
    let codes: std::collections::BTreeSet<_> = Violation::ALL.iter().map(|v| v.code()).collect();
    assert_eq!(codes.len(), Violation::ALL.len());
    assert!(
        Violation::ALL
            .iter()
            .all(|v| (400..=505).contains(&v.status()))
    );
}

//! The fuzz targets on stable: a small corpus, a seeded mutator, the same runs every time.

#[expect(unreachable_pub, reason = "public in the crate that cargo-fuzz builds")]
#[path = "../../fuzz/src/lib.rs"]
pub(crate) mod targets;

/// A small generator of numbers (xorshift64): the seed makes the run.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap()
    }
}

/// Changes a few places of a sample: a byte, a piece of another sample, a telling fragment.
pub(crate) fn mutate(corpus: &[&[u8]], fragments: &[&[u8]], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = corpus[numbers.below(corpus.len())].to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len() + 1);
        let until = at + numbers.below((bytes.len() - at).min(8) + 1);
        let byte = [u8::try_from(numbers.below(256)).unwrap()];
        let other = corpus[numbers.below(corpus.len())];
        let new: &[u8] = match numbers.below(4) {
            0 => &byte,
            1 => &[],
            2 => &other[..numbers.below(other.len() + 1)],
            _ => fragments[numbers.below(fragments.len())],
        };
        bytes.splice(at..until, new.iter().copied());
    }
    bytes
}

pub(crate) fn run(target: fn(&[u8]), runs: usize, corpus: &[&[u8]], fragments: &[&[u8]]) {
    let mut numbers = Numbers(0x6d75_6872_646f_7221);
    for sample in corpus {
        target(sample);
    }
    for _ in 0..runs {
        let bytes = mutate(corpus, fragments, &mut numbers);
        let outcome = std::panic::catch_unwind(|| target(&bytes));
        assert!(outcome.is_ok(), "fails on b\"{}\"", bytes.escape_ascii());
    }
}

#[test]
fn the_guard_holds_for_mutated_requests() {
    let corpus: &[&[u8]] = &[
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nseal",
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nseal\r\n0\r\nA: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n",
    ];
    let fragments: &[&[u8]] = &[
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b" ",
        b"\t",
        b":",
        b"0\r\n\r\n",
        b"Content-Length: 1\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"HTTP/1.0",
        b"ffffffffffffffff",
    ];
    run(targets::guard, 40_000, corpus, fragments);
}

#[test]
fn targets_hold_for_mutated_paths() {
    let corpus: &[&[u8]] = &[
        b"/app/x?a=b&c=%20d",
        b"/%61dmin/%D0%90",
        b"/",
        b"/verify/AB12-34?x",
        b"/a%25/~b",
    ];
    let fragments: &[&[u8]] = &[
        b"/", b"..", b"%2e", b"%2f", b"%5c", b"%25", b"%00", b";", b"?", b"#", b"//", b"%C3%A9",
        b"http://", b"\\", b"'", b"|", b"*", b"@",
    ];
    run(targets::target, 80_000, corpus, fragments);
}

#[test]
fn cookies_and_hosts_hold_for_mutated_values() {
    let cookies: &[&[u8]] = &[
        b"a=b; __Host-muhrdor=value; c=d",
        b"__Host-muhrdor=",
        b";;=;",
    ];
    let fragments: &[&[u8]] = &[b";", b"=", b"\"", b" ", b",", b"__Host-muhrdor=x", b"\xff"];
    run(targets::cookie, 40_000, cookies, fragments);
    let hosts: &[&[u8]] = &[b"portal.example:8443", b"[::1]:80", b"127.0.0.1", b"A.b."];
    let fragments: &[&[u8]] = &[b".", b":", b"[", b"]", b"@", b"-", b":0", b"::"];
    run(targets::host, 40_000, hosts, fragments);
}

#[test]
fn proxy_headers_hold_for_mutated_bytes() {
    let v2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\xc0\0\x02\x07\xcb\0\x71\x01\x12\x34\x01\xbb\
        \x04\0\x01\x09\xea\0\0\x16\x03\x01";
    let corpus: &[&[u8]] = &[
        b"PROXY TCP4 192.0.2.7 203.0.113.1 4660 443\r\n\x16\x03",
        b"PROXY TCP6 2001:db8::7 ::ffff:192.0.2.1 0 443\r\n",
        b"PROXY UNKNOWN\r\n",
        v2,
    ];
    let fragments: &[&[u8]] = &[
        b"\r\n",
        b"\r",
        b"\n",
        b"\0",
        b" ",
        b"::",
        b".",
        b"TCP6",
        b"UNKNOWN",
        b"\x20",
        b"\x21",
        b"\xff\xff",
        b"\x03\0\x04",
        b"65536",
        b"00",
    ];
    run(targets::proxy, 80_000, corpus, fragments);
}

#[test]
fn forwarded_fields_hold_for_mutated_values() {
    let corpus: &[&[u8]] = &[
        b"Ffor=192.0.2.1;proto=https, for=\"[2001:db8::1]:80\"",
        b"Ffor=_hidden, for=10.0.0.2\n198.51.100.1, 10.0.0.2",
        b"198.51.100.1:80, ::ffff:10.0.0.1\n10.0.0.2",
        b"unknown, 192.0.2.1",
    ];
    let fragments: &[&[u8]] = &[
        b",",
        b";",
        b"\"",
        b"\\",
        b"=",
        b"for=",
        b"\n",
        b"\nF",
        b"[",
        b"]",
        b":1",
        b"10.0.0.3",
        b"_",
        b"\t",
        b"::",
    ];
    run(targets::forwarded, 80_000, corpus, fragments);
}

#[test]
fn pdf_files_hold_for_mutated_structure() {
    // Catalog, pages, page, content, a form, and what may stand in a file; at last the trailer.
    const PLAIN: &str = "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] >> >>\0\
        << /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842.0] >>\0\
        << /Type /Page /Parent 2 0 R /Contents 4 0 R /Annots [6 0 R] /Rotate 90 >>\0\
        << /Length 7 0 R >>\nstream\n0 0 10 10 re f\nendstream\0\
        << /FT /Sig /T (field) /Kids [] >>\0\
        << /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://a) >> >>\0\
        14\0\
        [(\\\\ \\( \\) \\051 ()) <00ff5c> /A#23#2f 1 -2.50 true null << /B [] >>]\0\
        /ID [<a5> (b)] /Info 8 0 R /C (\\\\)";
    const PACKED: &str = "~<< /Type /Catalog /Pages 3 0 R /Lang (\\n) >>\0\
        << /Length 14 >>\nstream\n0 0 10 10 re f\nendstream\0\
        << /Type /Pages /Kids [4 0 R] /Count 1 >>\0\
        << /Type /Page /Parent 3 0 R /MediaBox [-1 .5 595 842] /Contents 2 0 R >>\0\
        << /#41#20 [null true -1 +2 4 0 R] /B () >>\0\
        /Info 5 0 R";
    let written: &[&[u8]] = &[PLAIN.as_bytes(), PACKED.as_bytes()];
    let printed: &[&[u8]] = &[
        include_bytes!("pdf/fixtures/reportlab.pdf"),
        include_bytes!("pdf/fixtures/qpdf_linearized_tables.pdf"),
    ];
    let fragments: &[&[u8]] = &[
        b"<<",
        b">>",
        b"[",
        b"]",
        b"(",
        b")",
        b"<",
        b"/",
        b"%",
        b"\0",
        b"\r",
        b"\n",
        b"\\",
        b"#20",
        b"/A",
        b"-.0",
        b"99999999999",
        b"5 0 R",
        b"7 0 R",
        b"4 65535 R",
        b"null",
        b"endobj\n8 0 obj\n",
        b"endstream",
        b"/Prev 9",
        b"/Length 3",
        b"/W [1 4 4]",
        b"/Type /ObjStm",
        b"/Type /Sig /ByteRange [0 0 0 0]",
        b"/Subtype /Form",
        b"%PDF-1.7\n",
        b"startxref\n9\n%%EOF\n",
    ];
    run(targets::pdf, 30_000, written, fragments);
    run(targets::pdf, 3_000, printed, fragments);
}

#[test]
fn what_goes_on_upstream_holds_for_mutated_headers() {
    let corpus: &[&[u8]] = &[
        b"accept x-note prefer\nAccept: */*\nX-Note: a\nConnection: x-note, close\nPrefer: b",
        b"accept\nMuhrdor-Assertion: forged\nX-Forwarded-For: forged\nAccept: a\nAccept: b",
        b"if-match content-type\nContent-Type: text/plain\nConnection: Content-Type\nIf-Match: x",
        b"muhrdor-user\nMuhrdor-User: forged",
        b"x-api-version\nX_Api_Version: 1\nX-Api-Version: 2\nTE: trailers",
    ];
    let fragments: &[&[u8]] = &[
        b"\n",
        b":",
        b" ",
        b",",
        b"\t",
        b"_",
        b".",
        b"-",
        b"Connection: ",
        b"connection: ",
        b"muhrdor-assertion",
        b"Muhrdor-Request-Id: forged",
        b"x-forwarded-host",
        b"forwarded",
        b"traceparent",
        b"host",
        b"cookie",
        b"accept",
        b"close",
        b"keep-alive",
        b"upgrade",
        b"\xff",
    ];
    run(targets::headers, 60_000, corpus, fragments);
}

#[test]
fn a_config_is_read_or_told_for_mutated_files() {
    let whole = include_str!("../../deploy/demo/gateway.toml");
    let parts: Vec<&[u8]> = whole.split("\n[").map(str::as_bytes).collect();
    let mut corpus = vec![whole.as_bytes()];
    corpus.extend(parts);
    let fragments: &[&[u8]] = &[
        b"\n",
        b"[",
        b"]",
        b"[[",
        b"{",
        b"}",
        b"\"",
        b"'",
        b"=",
        b",",
        b".",
        b"#",
        b"\\u0000",
        b"-1",
        b"0",
        b"99999999999999999999",
        b"1.5",
        b"true",
        b"[]",
        b"\"\"",
        b"nan",
        b"\xff",
        b"url = \"https://portal.example\"\n",
        b"\n[portal]\n",
        b"\n[listen]\n",
        b"\n[tls]\n",
        b"unknown_key = 1\n",
        b"\"10.0.0.0/8\"",
        b"\"::1\"",
        b"\"127.0.0.1:0\"",
    ];
    run(targets::config, 4_000, &corpus, fragments);
}

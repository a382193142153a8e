//! Who a connection or a request is said to be of.

use std::net::IpAddr;

use http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};
use muhrdor::domain::peer::AddressRange;
use muhrdor::server::client::forwarded;
use muhrdor::server::client::proxy::{Announced, Step, V1_BYTES_MAX, V2_BYTES_MAX, read};

const OLDER: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Takes a header off these bytes as a connection would; how much of them that was.
pub(super) fn take_header(bytes: &[u8]) -> Option<(usize, Announced)> {
    let mut taken = 0;
    loop {
        let so_far = &bytes[..taken];
        match read(so_far).ok()? {
            Step::Whole(announced) => return Some((taken, announced)),
            Step::More(more) => {
                assert!(more > 0, "it waits for something");
                taken += more;
                assert!(taken <= V1_BYTES_MAX.max(V2_BYTES_MAX), "and not for ever");
            }
        }
        if taken > bytes.len() {
            return None;
        }
    }
}

/// What version 1 or 2 says, read by another eye.
pub(super) fn assert_announced(header: &[u8], announced: Announced) {
    if let Some(line) = header.strip_prefix(b"PROXY ") {
        let line = std::str::from_utf8(line).expect("a line of text");
        assert_eq!(
            line.find('\r'),
            Some(line.len() - 2),
            "one line, which ends it"
        );
        let words: Vec<_> = line.trim_end().split(' ').collect();
        match announced {
            Announced::Itself => assert_eq!(words[0], "UNKNOWN"),
            Announced::Client(client) => {
                let said: IpAddr = words[1].parse().expect("an address");
                assert_eq!(said.to_canonical(), client);
                assert_eq!((words.len(), said.is_ipv6()), (5, words[0] == "TCP6"));
            }
        }
        return;
    }
    let length = usize::from(header[14]) * 256 + usize::from(header[15]);
    assert_eq!(header.len(), 16 + length, "as long as it says");
    let said: Option<IpAddr> = match (header[12], header[13]) {
        (0x21, 0x11) => Some(<[u8; 4]>::try_from(&header[16..20]).unwrap().into()),
        (0x21, 0x21) => Some(<[u8; 16]>::try_from(&header[16..32]).unwrap().into()),
        (0x21, 0x00) | (0x20, _) => None,
        other => panic!("{other:?} announces nobody"),
    };
    let client = said.map_or(Announced::Itself, |said| {
        Announced::Client(said.to_canonical())
    });
    assert_eq!(client, announced);
}

/// Lines of both fields: `F` begins one of `Forwarded`, anything else one of the older field.
pub(super) fn fields(bytes: &[u8]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let (name, value) = match line.strip_prefix(b"F") {
            Some(value) => (FORWARDED, value),
            None => (OLDER, line),
        };
        headers.append(name, HeaderValue::from_bytes(value).ok()?);
    }
    Some(headers)
}

pub(super) fn client(headers: &HeaderMap) -> Option<IpAddr> {
    forwarded::client(headers, [10, 0, 0, 1].into(), trusted).ok()
}

/// What another hop adds on the right: a proxy of ours changes nothing, anyone else is the client
/// whatever was said before.
pub(super) fn assert_right_hand(headers: &HeaderMap, client_before: IpAddr) {
    let add = |address: &str| {
        let mut more = headers.clone();
        for name in [FORWARDED, OLDER] {
            if headers.contains_key(&name) {
                let value = if name == FORWARDED {
                    format!("for={address}")
                } else {
                    address.to_owned()
                };
                more.append(name, HeaderValue::from_str(&value).unwrap());
            }
        }
        client(&more)
    };
    let stranger: IpAddr = [203, 0, 113, 77].into();
    if let Some(found) = add("203.0.113.77") {
        assert_eq!(found, stranger, "who spoke last to a proxy of ours");
    }
    if let Some(found) = add("10.9.9.9") {
        assert_eq!(found, client_before, "a proxy of ours is nobody's client");
    }
}

pub(super) fn trusted(address: IpAddr) -> bool {
    AddressRange::parse("10.0.0.0/8").unwrap().contains(address)
}

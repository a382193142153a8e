//! The PROXY protocol, versions 1 and 2 (haproxy.org, `proxy-protocol.txt`), read strictly.
//!
//! [`read`] is a plain function over the bytes so far and says how many more may be taken without
//! taking one that belongs to TLS. Deliberately absent: datagrams and Unix sockets, whose client
//! has no address; what TLVs say of TLS or of names, which is for nobody here to believe.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncRead, AsyncReadExt};

use super::checksum::crc32c;

/// The longest header of version 2, in bytes, TLVs included.
pub const V2_BYTES_MAX: usize = 4096;
/// The longest header of version 1, in bytes (§2.1).
pub const V1_BYTES_MAX: usize = 107;

/// Who the connection is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    Client(IpAddr),
    /// The proxy speaks for itself: a probe (`LOCAL`, `UNKNOWN`).
    Itself,
}

/// How far reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// At least so many bytes of the header are still to come.
    More(usize),
    Whole(Announced),
}

/// Why there is no header. Nothing of what came is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    #[error("the connection does not begin with a PROXY header")]
    Absent,
    #[error("the PROXY header is not well-formed")]
    Malformed,
    #[error("the PROXY header is longer than it may be")]
    TooLong,
    #[error("the PROXY header's checksum is wrong")]
    Checksum,
    #[error("the PROXY header is of another version, command or family")]
    Unsupported,
    #[error("the connection broke off within the PROXY header")]
    Broken,
}

/// Takes a header off a connection, and no byte more.
///
/// # Errors
/// When it is not there, not well-formed, or breaks off.
pub async fn receive<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Announced, ProxyError> {
    let mut bytes = Vec::new();
    loop {
        let more = match read(&bytes)? {
            Step::Whole(announced) => return Ok(announced),
            Step::More(more) => more,
        };
        let begun = bytes.len();
        bytes.resize(begun + more, 0);
        let rest = bytes.get_mut(begun..).unwrap_or_default();
        let taken = stream.read_exact(rest).await;
        taken.map_err(|_| ProxyError::Broken)?;
    }
}

/// Reads a header from its first byte.
///
/// # Errors
/// As soon as no further byte can make it one.
pub fn read(bytes: &[u8]) -> Result<Step, ProxyError> {
    if bytes.len() < SIGNATURE.len() {
        let known = SIGNATURE.starts_with(bytes) || starts_like_v1(bytes);
        return known
            .then(|| Step::More(SIGNATURE.len() - bytes.len()))
            .ok_or(ProxyError::Absent);
    }
    if bytes.starts_with(SIGNATURE) {
        return read_v2(bytes);
    }
    if starts_like_v1(bytes) {
        return read_v1(bytes);
    }
    Err(ProxyError::Absent)
}

/// What version 2 begins with; no shorter than anything that version 1 begins with.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const V1_START: &[u8] = b"PROXY ";

/// Up to the two bytes of length.
const V2_FIXED_BYTES: usize = 16;

/// The TLV that holds the checksum (§2.2.3).
const TLV_CRC32C: u8 = 0x03;

fn starts_like_v1(bytes: &[u8]) -> bool {
    bytes.starts_with(V1_START) || V1_START.starts_with(bytes)
}

fn read_v1(bytes: &[u8]) -> Result<Step, ProxyError> {
    if bytes.len() > V1_BYTES_MAX {
        return Err(ProxyError::TooLong);
    }
    let Some(line) = bytes.strip_suffix(b"\r\n") else {
        let ended = bytes.contains(&b'\n') || bytes.iter().rev().skip(1).any(|b| *b == b'\r');
        if ended {
            return Err(ProxyError::Malformed);
        }
        return match bytes.len() {
            V1_BYTES_MAX.. => Err(ProxyError::TooLong),
            _ if bytes.ends_with(b"\r") => Ok(Step::More(1)),
            length => Ok(Step::More((V1_BYTES_MAX - length).min(2))),
        };
    };
    if line.contains(&b'\r') || line.contains(&b'\n') {
        return Err(ProxyError::Malformed);
    }
    let line = std::str::from_utf8(line).map_err(|_| ProxyError::Malformed)?;
    let mut words = line.split(' ').skip(1);
    let announced = match words.next() {
        // What follows means nothing (§2.1).
        Some("UNKNOWN") => return Ok(Step::Whole(Announced::Itself)),
        Some("TCP4") => v1_client::<Ipv4Addr>(&mut words),
        Some("TCP6") => v1_client::<Ipv6Addr>(&mut words),
        _ => None,
    };
    let client = announced.filter(|_| words.next().is_none());
    client
        .map(|client| Step::Whole(Announced::Client(client)))
        .ok_or(ProxyError::Malformed)
}

/// Source and destination, then their ports.
fn v1_client<'w, A>(words: &mut impl Iterator<Item = &'w str>) -> Option<IpAddr>
where
    A: std::str::FromStr + Into<IpAddr>,
{
    let source: A = words.next()?.parse().ok()?;
    let _destination: A = words.next()?.parse().ok()?;
    let is_port = |word: &str| {
        let plain = word.bytes().all(|byte| byte.is_ascii_digit());
        plain && (word == "0" || !word.starts_with('0')) && word.parse::<u16>().is_ok()
    };
    let ports = is_port(words.next()?) && is_port(words.next()?);
    ports.then(|| source.into().to_canonical())
}

fn read_v2(bytes: &[u8]) -> Result<Step, ProxyError> {
    let Some((fixed, rest)) = bytes.split_first_chunk::<V2_FIXED_BYTES>() else {
        return Ok(Step::More(V2_FIXED_BYTES - bytes.len()));
    };
    let [.., version_command, family, high, low] = *fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if V2_FIXED_BYTES + length > V2_BYTES_MAX {
        return Err(ProxyError::TooLong);
    }
    match version_command {
        0x20 | 0x21 => {}
        _ => return Err(ProxyError::Unsupported),
    }
    if rest.len() > length {
        return Err(ProxyError::Malformed);
    }
    if rest.len() < length {
        return Ok(Step::More(length - rest.len()));
    }
    // LOCAL: addresses and family are to be skipped, whatever they are (§2.2).
    let local = version_command == 0x20;
    let (announced, tlvs) = match family {
        _ if local => return Ok(Step::Whole(Announced::Itself)),
        0x00 => (Announced::Itself, rest),
        0x11 => v2_client::<4, 12>(rest)?,
        0x21 => v2_client::<16, 36>(rest)?,
        _ => return Err(ProxyError::Unsupported),
    };
    check_tlvs(bytes, tlvs)?;
    Ok(Step::Whole(announced))
}

/// Source and destination of this width, then their ports; and what follows.
fn v2_client<const WIDTH: usize, const ALL: usize>(
    bytes: &[u8],
) -> Result<(Announced, &[u8]), ProxyError>
where
    IpAddr: From<[u8; WIDTH]>,
{
    let (addresses, tlvs) = bytes
        .split_first_chunk::<ALL>()
        .ok_or(ProxyError::Malformed)?;
    let source = addresses.first_chunk::<WIDTH>();
    let source = IpAddr::from(*source.ok_or(ProxyError::Malformed)?);
    Ok((Announced::Client(source.to_canonical()), tlvs))
}

/// TLVs fill the rest exactly; a checksum among them is that of the whole header with zeros in its
/// own place (§2.2.3).
fn check_tlvs(header: &[u8], mut tlvs: &[u8]) -> Result<(), ProxyError> {
    let mut checked = false;
    while let Some((&[kind, high, low], rest)) = tlvs.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (value, rest) = rest.split_at_checked(length).ok_or(ProxyError::Malformed)?;
        if kind == TLV_CRC32C {
            let sent: [u8; 4] = value.try_into().map_err(|_| ProxyError::Malformed)?;
            let end = header.len() - rest.len();
            let place = end - length..end;
            let zeroed = header.iter().enumerate();
            let zeroed = zeroed.map(|(at, byte)| if place.contains(&at) { 0 } else { *byte });
            if checked || crc32c(zeroed) != u32::from_be_bytes(sent) {
                return Err(ProxyError::Checksum);
            }
            checked = true;
        }
        tlvs = rest;
    }
    if tlvs.is_empty() {
        Ok(())
    } else {
        Err(ProxyError::Malformed)
    }
}

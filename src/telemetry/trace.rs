//! W3C Trace Context, level 1: read strictly or not at all, and written.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::domain::entry::VisitId;
use crate::domain::hex::digits;

/// Which trace a request belongs to (Trace Context §3.2).
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// What tracing systems add to it (§3.3).
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Who asked for a request, in a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    pub trace: [u8; 16],
    pub span: [u8; 8],
    pub is_sampled: bool,
}

/// The trace that a request is part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    pub id: [u8; 16],
    /// The request as it is walked here.
    pub span: [u8; 8],
    /// The question to the e-service, part of it.
    pub onward: [u8; 8],
    /// Who asked, where they are believed.
    pub parent: Option<[u8; 8]>,
    /// Where somebody who is not believed says they come from.
    pub link: Option<Parent>,
    pub is_sampled: bool,
}

impl Trace {
    /// The trace of a request. Whoever is `believed` has it go on under their own; anyone else
    /// begins a new one, under the number of the request, and what they said is a link.
    #[must_use]
    pub fn of(visit: VisitId, said: Option<Parent>, believed: bool, sampled: bool) -> Self {
        let [span, onward] = halves(visit);
        match said {
            Some(parent) if believed => Self {
                id: parent.trace,
                span,
                onward,
                parent: Some(parent.span),
                link: None,
                is_sampled: parent.is_sampled,
            },
            link => Self {
                id: *visit.as_bytes(),
                span,
                onward,
                parent: None,
                link,
                is_sampled: sampled,
            },
        }
    }

    /// What an e-service is told.
    #[must_use]
    pub fn traceparent(&self) -> HeaderValue {
        let flags = if self.is_sampled { "-01" } else { "-00" };
        let text = ["00-", &digits(&self.id), "-", &digits(&self.onward), flags].concat();
        // Hexadecimal digits and hyphens are a field value.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// Reads `traceparent` (§3.2.2). What is malformed, or stands twice, says nothing (§4.3).
#[must_use]
pub fn parent(headers: &HeaderMap) -> Option<Parent> {
    let mut values = headers.get_all(&TRACEPARENT).iter();
    let (value, None) = (values.next()?.as_bytes(), values.next()) else {
        return None;
    };
    let (known, rest) = value.split_at_checked(PARENT_BYTES)?;
    let version = known.get(..2)?;
    // Version 00 ends here; a later one may go on after another hyphen (§3.2.4).
    let ends_well = match version {
        b"00" => rest.is_empty(),
        b"ff" => false,
        _ => rest.is_empty() || rest.first() == Some(&b'-'),
    };
    let hyphens = [2, 35, 52].iter().all(|at| known.get(*at) == Some(&b'-'));
    let version: [u8; 1] = unhex(version)?;
    let trace: [u8; 16] = unhex(known.get(3..35)?)?;
    let span: [u8; 8] = unhex(known.get(36..52)?)?;
    let [flags] = unhex(known.get(53..55)?)?;
    let is_whole = hyphens && ends_well && version != [0xff];
    if !is_whole || trace == [0; 16] || span == [0; 8] {
        return None;
    }
    Some(Parent {
        trace,
        span,
        is_sampled: flags & 1 == 1,
    })
}

/// Reads `tracestate` (§3.3.1): all of its members, in one field, or nothing.
#[must_use]
pub fn state(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut members: Vec<&str> = Vec::new();
    for value in headers.get_all(&TRACESTATE) {
        let listed = value.to_str().ok()?.split(',').map(trim);
        members.extend(listed.filter(|member| !member.is_empty()));
    }
    let keys: Vec<&str> = members
        .iter()
        .map(|member| member_key(member))
        .collect::<Option<_>>()?;
    let repeated = keys.iter().enumerate().any(|(at, key)| {
        let before = keys.iter().take(at);
        before.into_iter().any(|other| other == key)
    });
    let joined = members.join(",");
    if joined.is_empty()
        || repeated
        || members.len() > MEMBERS_MAX
        || joined.len() > STATE_BYTES_MAX
    {
        return None;
    }
    HeaderValue::try_from(joined).ok()
}

/// The key of a list member whose key and value read (§3.3.1.3).
fn member_key(member: &str) -> Option<&str> {
    let (key, value) = member.split_once('=')?;
    let in_key = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-*/".contains(&b);
    let part = |text: &str, bytes_max: usize, digit_first: bool| {
        let first = text.bytes().next();
        text.len() <= bytes_max
            && first.is_some_and(|b| b.is_ascii_lowercase() || (digit_first && b.is_ascii_digit()))
            && text.bytes().all(in_key)
    };
    let is_key = match key.split_once('@') {
        Some((tenant, system)) => part(tenant, 241, true) && part(system, 14, false),
        None => part(key, 256, false),
    };
    let in_value = |b: u8| (b' '..=b'~').contains(&b) && b != b'=' && b != b',';
    let is_value = !value.is_empty()
        && value.len() <= 256
        && !value.ends_with(' ')
        && value.bytes().all(in_value);
    (is_key && is_value).then_some(key)
}

fn trim(member: &str) -> &str {
    member.trim_matches([' ', '\t'])
}

/// Two numbers of spans out of a request's, which was drawn by chance. None is zero (§3.2.2.4).
fn halves(visit: VisitId) -> [[u8; 8]; 2] {
    let number = u128::from_be_bytes(*visit.as_bytes());
    let low = u64::try_from(number & u128::from(u64::MAX)).unwrap_or(1);
    let high = u64::try_from(number >> 64).unwrap_or(1);
    [high, low].map(|half| half.max(1).to_be_bytes())
}

/// As many bytes as there is room for, from lower-case digits only.
fn unhex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            *byte = (*byte << 4) | value;
        }
    }
    Some(bytes)
}

/// `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits.
const PARENT_BYTES: usize = 55;
/// List members, and bytes of all of them (§3.3.1.1, §3.3.1.5).
const MEMBERS_MAX: usize = 32;
const STATE_BYTES_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";
    const REST: &str = "-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn with(name: &HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_traceparent_reads_as_a_whole_or_says_nothing() {
        let read = |values: &[&str]| parent(&with(&TRACEPARENT, values));
        let good = read(&[GOOD]).unwrap();
        assert_eq!(digits(&good.trace), TRACE);
        assert_eq!(digits(&good.span), SPAN);
        assert!(good.is_sampled);
        let later = format!("01{REST}-more");
        assert_eq!(read(&[&later]), Some(good));
        for bad in [
            String::new(),
            GOOD.trim_end_matches('1').to_owned(),
            format!("{GOOD}-"),
            format!("{GOOD}0"),
            GOOD.to_uppercase(),
            GOOD.replace("00-4b", "ff-4b"),
            GOOD.replace("00-4b", "0g-4b"),
            GOOD.replace('-', "_"),
            GOOD.replace(TRACE, &"0".repeat(32)),
            GOOD.replace(SPAN, &"0".repeat(16)),
            GOOD.replace("-01", "-0x"),
            format!(" {GOOD}"),
            format!("01{REST}more"),
        ] {
            assert_eq!(read(&[&bad]), None, "{bad}");
        }
        assert_eq!(read(&[GOOD, GOOD]), None, "twice");
    }

    #[test]
    fn a_tracestate_reads_as_a_whole_or_says_nothing() {
        let read = |values: &[&str]| {
            let value = state(&with(&TRACESTATE, values))?;
            Some(value.to_str().unwrap().to_owned())
        };
        assert_eq!(read(&["a=1, b@c=2 ,,"]).as_deref(), Some("a=1,b@c=2"));
        assert_eq!(read(&["a=1", "0t@s=x y"]).as_deref(), Some("a=1,0t@s=x y"));
        let many: Vec<String> = (0..33).map(|n| format!("k{n}=v")).collect();
        assert!(read(&[&many[..32].join(",")]).is_some());
        for bad in [
            "", ",", "a", "a=", "=1", "A=1", "0a=1", "a=1,a=2", "a=b=c", "a b=1", "a@@b=1", "a@=1",
            "a@0=1",
        ] {
            assert_eq!(read(&[bad]), None, "{bad}");
        }
        assert_eq!(read(&[&many.join(",")]), None, "too many");
        assert_eq!(read(&[&format!("a={}", "x".repeat(257))]), None, "too long");
    }

    #[test]
    fn who_is_not_believed_begins_a_new_trace_and_leaves_a_link() {
        let visit = VisitId::from_bytes([7; 16]);
        let said = parent(&with(&TRACEPARENT, &[GOOD])).unwrap();
        let own = Trace::of(visit, Some(said.clone()), false, false);
        assert_eq!((own.id, own.parent), ([7; 16], None));
        assert_eq!(own.link, Some(said.clone()));
        assert_eq!(
            own.traceparent(),
            "00-07070707070707070707070707070707-0707070707070707-00"
        );
        let theirs = Trace::of(visit, Some(said.clone()), true, false);
        assert_eq!((theirs.id, theirs.parent), (said.trace, Some(said.span)));
        assert!(theirs.is_sampled && theirs.link.is_none());
    }
}

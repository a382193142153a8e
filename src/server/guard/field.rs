//! Field lines: the grammar of all (RFC 9112 §5), and the few that frame a message.

use crate::wire::headers::is_alias;
use crate::wire::host::Host;

use super::head::{Follow, Framing, Version};
use super::line::is_token;
use super::{Limits, Violation};

/// What a head's fields have said about framing so far.
#[derive(Debug, Default)]
pub(super) struct Fields {
    count: usize,
    host: bool,
    content_length: Option<u64>,
    chunked: bool,
    last: bool,
}

impl Fields {
    /// Takes one field. Refuses a second one where two would leave a choice.
    pub(super) fn take(
        &mut self,
        name: &[u8],
        value: &[u8],
        limits: &Limits,
    ) -> Result<(), Violation> {
        self.count += 1;
        if self.count > limits.headers_max {
            return Err(Violation::TooManyHeaders);
        }
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if is(b"host") {
            return self.take_host(value);
        }
        if is(b"content-length") {
            return self.take_content_length(value);
        }
        if is(b"transfer-encoding") {
            return self.take_transfer_encoding(value);
        }
        if is(b"connection") {
            return self.take_connection(value);
        }
        if is(b"expect") && !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(Violation::Expectation);
        }
        if is(b"upgrade") {
            self.last = true;
        }
        Ok(())
    }

    /// How the body is framed and whether another request may follow (RFC 9112 §6.3, §9.3).
    pub(super) fn conclude(&self, version: Version) -> Result<(Framing, Follow), Violation> {
        if !self.host {
            return Err(Violation::HostMissing);
        }
        if self.chunked && (self.content_length.is_some() || version == Version::Http10) {
            return Err(Violation::TransferEncodingMisplaced);
        }
        let framing = match (self.chunked, self.content_length) {
            (true, _) => Framing::Chunked,
            (false, None | Some(0)) => Framing::None,
            (false, Some(bytes)) => Framing::Length(bytes),
        };
        // An HTTP/1.0 peer keeps a connection only by an extension; ours are not kept.
        let last = self.last || version == Version::Http10;
        Ok((framing, if last { Follow::Nothing } else { Follow::Another }))
    }

    fn take_host(&mut self, value: &[u8]) -> Result<(), Violation> {
        if self.host {
            return Err(Violation::HostRepeated);
        }
        let text = std::str::from_utf8(value).map_err(|_| Violation::Host)?;
        Host::parse(text).map_err(|_| Violation::Host)?;
        self.host = true;
        Ok(())
    }

    /// Digits only, and once: also two equal lengths are two readings to someone.
    fn take_content_length(&mut self, value: &[u8]) -> Result<(), Violation> {
        if self.content_length.is_some() {
            return Err(Violation::ContentLengthRepeated);
        }
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return Err(Violation::ContentLength);
        }
        let digits = std::str::from_utf8(value).map_err(|_| Violation::ContentLength)?;
        self.content_length = Some(digits.parse().map_err(|_| Violation::ContentLength)?);
        Ok(())
    }

    /// Exactly `chunked`: the only coding there is for a request without doubt about its end.
    fn take_transfer_encoding(&mut self, value: &[u8]) -> Result<(), Violation> {
        if self.chunked || value != b"chunked" {
            return Err(Violation::TransferEncoding);
        }
        self.chunked = true;
        Ok(())
    }

    fn take_connection(&mut self, value: &[u8]) -> Result<(), Violation> {
        for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if !option.is_empty() && !is_token(option) {
                return Err(Violation::Connection);
            }
            self.last |= option.eq_ignore_ascii_case(b"close");
        }
        Ok(())
    }
}

/// `name ":" OWS value OWS` (RFC 9112 §5), the name a token right up to the colon.
pub(super) fn split_field<'a>(
    line: &'a [u8],
    limits: &Limits,
) -> Result<(&'a [u8], &'a [u8]), Violation> {
    if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
        return Err(Violation::FoldedHeader);
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Err(Violation::HeaderName);
    };
    let (name, rest) = line.split_at_checked(colon).unwrap_or_default();
    let value = rest.get(1..).unwrap_or_default();
    if !is_token(name) {
        return Err(Violation::HeaderName);
    }
    if is_alias(name) {
        return Err(Violation::AliasHeaderName);
    }
    if name.len() > limits.header_name_bytes_max {
        return Err(Violation::HeaderNameTooLong);
    }
    if value.len() > limits.header_value_bytes_max {
        return Err(Violation::HeaderValueTooLong);
    }
    Ok((name, trim_whitespace(value)))
}

/// Takes off OWS: spaces and tabs, and no other character that someone calls white space.
fn trim_whitespace(mut value: &[u8]) -> &[u8] {
    while let Some((b' ' | b'\t', rest)) = value.split_first() {
        value = rest;
    }
    while let Some((b' ' | b'\t', rest)) = value.split_last() {
        value = rest;
    }
    value
}

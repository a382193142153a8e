//! A file that someone sends to be checked: the body itself, or the one file of a form.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use memchr::memmem;

use crate::wire::body::{Body, BodyError};

/// Why there is no file to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum UploadError {
    #[error("send a PDF as `application/pdf`, or a form with one `file`")]
    Media,
    #[error("the file has more than {FILE_BYTES_MAX} bytes")]
    TooLarge,
    #[error("no file was sent")]
    NoFile,
    #[error("the form does not read")]
    Form,
    #[error("the body broke off")]
    Broken,
}

/// What stands in a body of this kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Media {
    File,
    Form {
        boundary: String,
    },
    Json,
    /// The fields of a form without a file.
    Fields,
}

impl Media {
    /// What the head says; the name is compared whole, never searched for.
    pub(super) fn of(head: &HeaderMap) -> Option<Self> {
        let mut values = head.get_all(CONTENT_TYPE).iter();
        let value = values.next()?.to_str().ok()?;
        if values.next().is_some() {
            return None;
        }
        let (name, parameters) = value.split_once(';').unwrap_or((value, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "application/pdf" | "application/octet-stream" => Some(Self::File),
            "application/json" => Some(Self::Json),
            "application/x-www-form-urlencoded" => Some(Self::Fields),
            "multipart/form-data" => boundary(parameters).map(|boundary| Self::Form { boundary }),
            _ => None,
        }
    }
}

/// The file, whole, before [`UPLOAD_MAX`] is over: who sends a byte now and then keeps others from
/// their place.
///
/// # Errors
/// See [`UploadError`].
pub(super) async fn file(media: &Media, body: Body) -> Result<Bytes, UploadError> {
    let taken = tokio::time::timeout(UPLOAD_MAX, taken(media, body)).await;
    taken.map_err(|_| UploadError::Broken)?
}

async fn taken(media: &Media, body: Body) -> Result<Bytes, UploadError> {
    let bytes_max = FILE_BYTES_MAX + FORM_BYTES_MAX;
    if body.is_larger_than(bytes_max) {
        body.discard_up_to(DISCARDED_BYTES_MAX).await;
        return Err(UploadError::TooLarge);
    }
    let body = collect(body, bytes_max).await?;
    let file = match media {
        Media::File => body,
        Media::Form { boundary } => part(&body, boundary)?,
        Media::Json | Media::Fields => return Err(UploadError::Media),
    };
    match u64::try_from(file.len()) {
        Ok(0) => Err(UploadError::NoFile),
        Ok(length) if length <= FILE_BYTES_MAX => Ok(file),
        Ok(_) | Err(_) => Err(UploadError::TooLarge),
    }
}

/// A body of up to so many bytes.
///
/// # Errors
/// [`UploadError::TooLarge`], [`UploadError::Broken`].
pub(super) async fn collect(body: Body, bytes_max: u64) -> Result<Bytes, UploadError> {
    let collected = body.collect_up_to(bytes_max).await;
    collected.map_err(|cause| match cause {
        BodyError::TooLarge { .. } => UploadError::TooLarge,
        BodyError::Broken | BodyError::Stalled | BodyError::Withheld => UploadError::Broken,
    })
}

/// The content of the part `file` (RFC 7578 §4, RFC 2046 §5.1.1). Other parts are passed over; two
/// files are none.
fn part(body: &Bytes, boundary: &str) -> Result<Bytes, UploadError> {
    let bad = UploadError::Form;
    let delimiter = format!("\r\n--{boundary}");
    let opening = delimiter.get(2..).ok_or(bad)?;
    if !body.starts_with(opening.as_bytes()) {
        return Err(bad);
    }
    let mut at = opening.len();
    let mut found = None;
    for _ in 0..PARTS_MAX {
        let rest = body.get(at..).ok_or(bad)?;
        if rest.starts_with(b"--") {
            return found.ok_or(UploadError::NoFile);
        }
        if !rest.starts_with(b"\r\n") {
            return Err(bad);
        }
        let head_end = memmem::find(rest, b"\r\n\r\n").ok_or(bad)?;
        let content_at = at + head_end + 4;
        let content = body.get(content_at..).ok_or(bad)?;
        let length = memmem::find(content, delimiter.as_bytes()).ok_or(bad)?;
        let head = rest.get(..head_end).ok_or(bad)?;
        if names_file(head) {
            if found.is_some() {
                return Err(bad);
            }
            found = Some(body.slice(content_at..content_at + length));
        }
        at = content_at + length + delimiter.len();
    }
    Err(bad)
}

/// Whether a part's head says `form-data; name="file"`.
fn names_file(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    text.split("\r\n").any(|line| {
        let Some((name, value)) = line.split_once(':') else {
            return false;
        };
        name.trim().eq_ignore_ascii_case("content-disposition")
            && value
                .split(';')
                .any(|parameter| parameter.trim() == "name=\"file\"")
    })
}

/// 1 to 70 characters, in quotes or not (RFC 2046 §5.1.1).
fn boundary(parameters: &str) -> Option<String> {
    let mut found = parameters.split(';').filter_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        let value = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'))
            .unwrap_or(value);
        name.eq_ignore_ascii_case("boundary")
            .then(|| value.to_owned())
    });
    let boundary = found.next()?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&b);
    let fits = (1..=70).contains(&boundary.len()) && boundary.bytes().all(allowed);
    (fits && found.next().is_none()).then_some(boundary)
}

/// The largest file that is looked at: the largest that is sealed.
pub(super) const FILE_BYTES_MAX: u64 = 20 * 1024 * 1024;
/// What a form takes beside its file.
const FORM_BYTES_MAX: u64 = 16 * 1024;
/// How much of a file that is too large is heard out, so that its sender reads why it is refused.
const DISCARDED_BYTES_MAX: u64 = 5 * FILE_BYTES_MAX;
/// A file of the largest size over a line of 2 Mbit/s takes less.
const UPLOAD_MAX: Duration = Duration::from_secs(90);
const PARTS_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{UploadError, boundary, part};

    fn form(parts: &[(&str, &str)]) -> Bytes {
        let part = |(name, content): &(&str, &str)| {
            let head = format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"a\"");
            format!("--B\r\n{head}\r\nContent-Type: application/pdf\r\n\r\n{content}\r\n")
        };
        let parts: Vec<String> = parts.iter().map(part).collect();
        Bytes::from(format!("{}--B--\r\n", parts.concat()))
    }

    #[test]
    fn the_one_file_of_a_form_is_found_and_two_are_none() {
        let file = "%PDF-1.7\r\n--Bx\r\n\r\n";
        let one = form(&[("lang", "uz"), ("file", file)]);
        assert_eq!(part(&one, "B").unwrap_err(), UploadError::Form);
        let one = form(&[("lang", "uz"), ("file", "%PDF-1.7\r\n-- B\r\n")]);
        assert_eq!(part(&one, "B").unwrap(), "%PDF-1.7\r\n-- B\r\n");
        let two = form(&[("file", "a"), ("file", "b")]);
        assert_eq!(part(&two, "B"), Err(UploadError::Form));
        assert_eq!(
            part(&form(&[("other", "a")]), "B"),
            Err(UploadError::NoFile)
        );
        assert_eq!(
            part(&one.slice(..one.len() - 12), "B"),
            Err(UploadError::Form)
        );
    }

    #[test]
    fn a_boundary_is_one_parameter_of_its_own() {
        assert_eq!(boundary(" boundary=abc").as_deref(), Some("abc"));
        assert_eq!(boundary("charset=x; boundary=\"a b\""), None);
        assert_eq!(boundary("boundary=a; boundary=b"), None);
        assert_eq!(boundary(""), None);
    }
}

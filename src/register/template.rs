//! A path template, `/records/{pinfl}/income`: literal segments and captures of one whole segment.

use std::cmp::Ordering;

/// A path below a service's prefix. Empty stands for the prefix itself, written `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    Literal(String),
    Capture(String),
}

/// How two templates stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overlap {
    /// No path matches both.
    None,
    /// Every path of one matches the other too, and one of them says more literally which.
    Refines,
    /// Some path matches both, and neither says it more literally.
    Ambiguous,
}

impl Template {
    /// Reads a template: `/`, or segments without empty ones, dots or escapes; a capture has a
    /// name in lower case, once.
    pub(super) fn parse(given: &str) -> Result<Self, String> {
        let Some(inner) = given.strip_prefix('/') else {
            return Err(format!("the path `{given}` does not begin with `/`"));
        };
        if inner.is_empty() {
            return Ok(Self {
                segments: Vec::new(),
            });
        }
        let template = Self {
            segments: inner.split('/').map(segment).collect::<Result<_, _>>()?,
        };
        let mut names: Vec<_> = template.captures().collect();
        names.sort_unstable();
        let repeated = names
            .iter()
            .zip(names.iter().skip(1))
            .find(|(one, two)| one == two);
        match repeated {
            Some((name, _)) => Err(format!("the capture `{{{name}}}` stands twice")),
            None => Ok(template),
        }
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Names of the captures, in order.
    pub(super) fn captures(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::Capture(name) => Some(name.as_str()),
        })
    }

    /// Whether some path matches both, and if so whether one is the more literal.
    pub(super) fn overlap(&self, other: &Self) -> Overlap {
        if self.segments.len() != other.segments.len() {
            return Overlap::None;
        }
        let mut leaning = Ordering::Equal;
        for (one, two) in self.segments.iter().zip(&other.segments) {
            let lean = match (one, two) {
                (Segment::Literal(a), Segment::Literal(b)) if a != b => return Overlap::None,
                (Segment::Literal(_), Segment::Capture(_)) => Ordering::Less,
                (Segment::Capture(_), Segment::Literal(_)) => Ordering::Greater,
                (Segment::Literal(_), Segment::Literal(_))
                | (Segment::Capture(_), Segment::Capture(_)) => continue,
            };
            if leaning == lean.reverse() {
                return Overlap::Ambiguous;
            }
            leaning = lean;
        }
        if leaning == Ordering::Equal {
            Overlap::Ambiguous
        } else {
            Overlap::Refines
        }
    }
}

/// Whether a segment may stand in a prefix or template: plain unreserved characters (RFC 3986
/// §2.3), since only these have one spelling, and no dot segment.
pub(super) fn is_plain_segment(segment: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(unreserved)
}

fn segment(given: &str) -> Result<Segment, String> {
    let Some(name) = given
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
    else {
        if is_plain_segment(given) {
            return Ok(Segment::Literal(given.to_owned()));
        }
        return Err(format!(
            "the path segment `{given}` is neither plain text nor one `{{capture}}`"
        ));
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(format!(
            "`{{{name}}}` is not a capture: use a-z, 0-9 and `_`"
        ));
    }
    Ok(Segment::Capture(name.to_owned()))
}

//! A selector: RFC 6901 pointer in which a whole segment may be `*`, any index or any key.

/// A selector, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selector {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Any,
    Key(String),
}

impl Selector {
    /// Reads a selector; `~` stands only before `0` or `1` (RFC 6901 §3).
    pub(super) fn parse(given: &str) -> Result<Self, String> {
        if given.is_empty() {
            return Ok(Self {
                segments: Vec::new(),
            });
        }
        let Some(inner) = given.strip_prefix('/') else {
            return Err(format!("`{given}` does not begin with `/`"));
        };
        let segments = inner
            .split('/')
            .map(|raw| segment(given, raw))
            .collect::<Result<_, _>>()?;
        Ok(Self { segments })
    }

    /// Reads a pointer: a selector without `*`.
    pub(super) fn parse_pointer(given: &str) -> Result<Self, String> {
        let pointer = Self::parse(given)?;
        if pointer.segments.is_empty() {
            return Err("an empty pointer is the whole answer".to_owned());
        }
        if pointer.segments.contains(&Segment::Any) {
            return Err(format!("`{given}` has a `*`, and one place is meant"));
        }
        Ok(pointer)
    }

    /// Whether it is the whole answer.
    pub(super) const fn is_root(&self) -> bool {
        self.segments.is_empty()
    }

    /// Whether some place is selected by one and lies at or below a place selected by the other.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.segments
            .iter()
            .zip(&other.segments)
            .all(|(one, two)| match (one, two) {
                (Segment::Key(a), Segment::Key(b)) => a == b,
                (Segment::Any, Segment::Any | Segment::Key(_))
                | (Segment::Key(_), Segment::Any) => true,
            })
    }

    /// Whether every place that `other` selects lies at or below one that this selects.
    pub(super) fn contains(&self, other: &Self) -> bool {
        let each = self.segments.iter().zip(&other.segments);
        self.segments.len() <= other.segments.len()
            && each
                .into_iter()
                .all(|(one, two)| *one == Segment::Any || one == two)
    }
}

fn segment(given: &str, raw: &str) -> Result<Segment, String> {
    if raw == "*" {
        return Ok(Segment::Any);
    }
    let mut rest = raw;
    while let Some((_, after)) = rest.split_once('~') {
        if !after.starts_with(['0', '1']) {
            return Err(format!("`{given}` has a `~` that is neither `~0` nor `~1`"));
        }
        rest = after;
    }
    Ok(Segment::Key(raw.replace("~1", "/").replace("~0", "~")))
}

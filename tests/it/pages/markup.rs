//! A reader of our own markup: strict where HTML is lenient, since we write it ourselves.

/// One tag: its name, its attributes, and whether it opens, closes or stands alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) kind: TagKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagKind {
    Open,
    Close,
    Alone,
}

impl Tag {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

/// All tags, in order; an error when one is not closed, not nested, or not quoted.
pub(crate) fn tags(html: &str) -> Result<Vec<Tag>, String> {
    let mut rest = html.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
    let mut tags = Vec::new();
    let mut open: Vec<String> = Vec::new();
    while let Some((text, after)) = rest.split_once('<') {
        if text.contains('>') {
            return Err(format!("a stray `>` in {text:?}"));
        }
        let (inside, after) = after.split_once('>').ok_or("a tag without an end")?;
        let tag = tag(inside)?;
        match tag.kind {
            TagKind::Open => open.push(tag.name.clone()),
            TagKind::Close if open.pop().as_deref() == Some(&tag.name) => {}
            TagKind::Close => return Err(format!("</{}> closes nothing", tag.name)),
            TagKind::Alone => {}
        }
        tags.push(tag);
        rest = after;
    }
    if open.is_empty() { Ok(tags) } else { Err(format!("left open: {open:?}")) }
}

fn tag(inside: &str) -> Result<Tag, String> {
    let (inside, kind) = if let Some(inside) = inside.strip_prefix('/') {
        (inside, TagKind::Close)
    } else if let Some(inside) = inside.strip_suffix('/') {
        (inside, TagKind::Alone)
    } else {
        (inside, TagKind::Open)
    };
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        let (name, after) = rest
            .trim_start()
            .split_once("=\"")
            .ok_or_else(|| format!("an attribute without quotes in <{inside}>"))?;
        let (value, after) = after.split_once('"').ok_or("a quote without an end")?;
        attributes.push((name.to_owned(), value.to_owned()));
        rest = after;
    }
    Ok(Tag { name: name.to_owned(), attributes, kind })
}

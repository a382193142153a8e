//! The page tree (ISO 32000-2 §7.7.3).

use std::collections::BTreeSet;

use super::Document;
use crate::pdf::PdfError;
use crate::pdf::syntax::{Dictionary, Object, Reference};

/// A page as it is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Page {
    pub reference: Reference,
    pub media_box: Rectangle,
    /// What is shown of the media box; all of it when the page does not say.
    pub crop_box: Rectangle,
    pub rotation: Rotation,
}

/// Two opposite corners, in points; the first is the lower left one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rectangle {
    pub left: f64,
    pub bottom: f64,
    pub right: f64,
    pub top: f64,
}

/// How far a page is turned clockwise to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

/// What pages inherit from above.
#[derive(Debug, Clone, Copy)]
struct Inherited {
    media_box: Option<Rectangle>,
    crop_box: Option<Rectangle>,
    rotation: Rotation,
}

/// All pages from left to right. A tree with a loop, a page that stands in it twice, or a count
/// that is wrong is damage.
pub(super) fn pages(document: &Document<'_>) -> Result<Vec<Page>, PdfError> {
    let (catalog, root) = document.catalog();
    let root = root.get("Pages").and_then(Object::as_reference);
    let root = root.ok_or(PdfError::object(catalog.number, "no pages"))?;
    let nothing = Inherited {
        media_box: None,
        crop_box: None,
        rotation: Rotation::None,
    };
    let mut pages = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![(root, nothing)];
    while let Some((reference, inherited)) = open.pop() {
        let bad = |why| PdfError::object(reference.number, why);
        if !seen.insert(reference) {
            return Err(bad("it stands twice among the pages"));
        }
        let node = document.object(reference).and_then(Object::as_dictionary);
        let node = node.ok_or(bad("not a page"))?;
        let here = inherited
            .with(document, node)
            .ok_or(bad("a page of no size"))?;
        if node.has("Type", "Page") {
            pages.push(page(reference, here).ok_or(bad("a page of no size"))?);
            continue;
        }
        if !node.has("Type", "Pages") {
            return Err(bad("not a page"));
        }
        let kids = document.array(node, "Kids").ok_or(bad("no kids"))?;
        for kid in kids.iter().rev() {
            let kid = kid
                .as_reference()
                .ok_or(bad("a kid that is no reference"))?;
            open.push((kid, here));
        }
    }
    let count = document.object(root).and_then(Object::as_dictionary);
    let count = count.and_then(|root| document.value(root, "Count")?.as_integer());
    if count.and_then(|count| usize::try_from(count).ok()) != Some(pages.len()) {
        return Err(PdfError::object(root.number, "another number of pages"));
    }
    if pages.is_empty() {
        return Err(PdfError::object(root.number, "no pages"));
    }
    Ok(pages)
}

impl Inherited {
    /// With what this node says itself; nothing when it says it wrongly.
    fn with(mut self, document: &Document<'_>, node: &Dictionary) -> Option<Self> {
        if let Some(found) = document.value(node, "MediaBox") {
            self.media_box = Some(rectangle(document, found)?);
        }
        if let Some(found) = document.value(node, "CropBox") {
            self.crop_box = Some(rectangle(document, found)?);
        }
        if let Some(found) = document.value(node, "Rotate") {
            self.rotation = match found.as_integer()?.rem_euclid(360) {
                0 => Rotation::None,
                90 => Rotation::Quarter,
                180 => Rotation::Half,
                270 => Rotation::ThreeQuarters,
                _ => return None,
            };
        }
        Some(self)
    }
}

fn page(reference: Reference, inherited: Inherited) -> Option<Page> {
    let media_box = inherited.media_box?;
    Some(Page {
        reference,
        media_box,
        crop_box: inherited.crop_box.unwrap_or(media_box),
        rotation: inherited.rotation,
    })
}

fn rectangle(document: &Document<'_>, object: &Object) -> Option<Rectangle> {
    let [a, b, c, d] = object.as_array()? else {
        return None;
    };
    let number = |object| {
        let number = document.resolve(object).as_number()?;
        (number.abs() <= POINTS_MAX).then_some(number)
    };
    let (a, b, c, d) = (number(a)?, number(b)?, number(c)?, number(d)?);
    let found = Rectangle {
        left: a.min(c),
        bottom: b.min(d),
        right: a.max(c),
        top: b.max(d),
    };
    (found.left < found.right && found.bottom < found.top).then_some(found)
}

/// Some five kilometres: nothing is printed that large.
const POINTS_MAX: f64 = 14_400_000.0;

//! Where on the page the seal is shown: at the foot of the last page, upright for who reads it.

use crate::notary::appearance::Appearance;
use crate::pdf::{Document, Object, Page, Rectangle, Reference, Rotation};

/// A place on a page.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) page: Reference,
    corners: [f64; 4],
    /// Turns what is drawn upright against the page's own rotation.
    pub(super) matrix: [f64; 6],
}

impl Place {
    /// At the foot of the last page, to the right; smaller on pages that are small.
    pub(super) fn of(document: &Document<'_>, look: &Appearance) -> Option<Self> {
        let page = document.pages().last()?;
        let shown = page.crop_box;
        let (width, height) = (shown.right - shown.left, shown.top - shown.bottom);
        // As the reader sees it, from the lower left corner of what is shown.
        let (seen_width, seen_height) = match page.rotation {
            Rotation::None | Rotation::Half => (width, height),
            Rotation::Quarter | Rotation::ThreeQuarters => (height, width),
        };
        let room = (
            seen_width - 2.0 * MARGIN_POINTS,
            seen_height - 2.0 * MARGIN_POINTS,
        );
        let scale = (room.0 / look.width).min(room.1 / look.height).min(1.0);
        if scale <= 0.0 {
            return None;
        }
        let right = seen_width - MARGIN_POINTS;
        let seen = [
            right - look.width * scale,
            MARGIN_POINTS,
            right,
            MARGIN_POINTS + look.height * scale,
        ];
        Some(Self {
            page: page.reference,
            corners: on_page(page, &shown, seen),
            matrix: upright(page.rotation),
        })
    }

    /// `Rect`: lower left and upper right corner.
    pub(super) fn rectangle(&self) -> Object {
        numbers(&self.corners)
    }
}

/// From what the reader sees to the page's own axes: the page is turned clockwise to be shown.
fn on_page(page: &Page, shown: &Rectangle, [x0, y0, x1, y1]: [f64; 4]) -> [f64; 4] {
    match page.rotation {
        Rotation::None => [
            shown.left + x0,
            shown.bottom + y0,
            shown.left + x1,
            shown.bottom + y1,
        ],
        Rotation::Quarter => [
            shown.right - y1,
            shown.bottom + x0,
            shown.right - y0,
            shown.bottom + x1,
        ],
        Rotation::Half => [
            shown.right - x1,
            shown.top - y1,
            shown.right - x0,
            shown.top - y0,
        ],
        Rotation::ThreeQuarters => [
            shown.left + y0,
            shown.top - x1,
            shown.left + y1,
            shown.top - x0,
        ],
    }
}

/// Against the page's turn (ISO 32000-2 §12.5.5): the viewer fits what comes of it into `Rect`.
fn upright(rotation: Rotation) -> [f64; 6] {
    match rotation {
        Rotation::None => [1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        Rotation::Quarter => [0.0, 1.0, -1.0, 0.0, 0.0, 0.0],
        Rotation::Half => [-1.0, 0.0, 0.0, -1.0, 0.0, 0.0],
        Rotation::ThreeQuarters => [0.0, -1.0, 1.0, 0.0, 0.0, 0.0],
    }
}

/// Numbers of up to two digits behind the point.
pub(super) fn numbers(values: &[f64]) -> Object {
    Object::Array(values.iter().map(|value| Object::number(*value)).collect())
}

/// A third of an inch: what printers leave free at the least, and some.
const MARGIN_POINTS: f64 = 24.0;

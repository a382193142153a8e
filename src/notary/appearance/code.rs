//! The QR code of a document, drawn as rectangles (ISO/IEC 18004).

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

use crate::notary::appearance::AppearanceError;

/// Draws the code of a text into a square of this size, its quiet zone included, with its lower
/// left corner at the place. Upper-case addresses make small codes.
///
/// # Errors
/// [`AppearanceError::CodeTooLarge`] when its modules would be too small to be read.
pub(super) fn draw(
    content: &mut String,
    text: &str,
    (x, y): (f64, f64),
    size: f64,
) -> Result<(), AppearanceError> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium);
    let code = code.map_err(|_| AppearanceError::CodeTooLarge)?;
    let modules = code.size();
    let module = size / f64::from(modules + 2 * QUIET_MODULES);
    if module < MODULE_POINTS_MIN {
        return Err(AppearanceError::CodeTooLarge);
    }
    content.push_str("0 g\n");
    for row in 0..modules {
        let mut from = 0;
        while from < modules {
            let dark = |at: i32| code.get_module(at, row);
            let length = (from..modules).take_while(|at| dark(*at)).count();
            let Ok(length) = i32::try_from(length) else {
                break;
            };
            if length > 0 {
                let left = x + module * f64::from(from + QUIET_MODULES);
                let bottom = y + module * f64::from(modules - 1 - row + QUIET_MODULES);
                // Writing to a string cannot fail. A little more than a module high, so that rows
                // meet without a seam.
                let _ = writeln!(
                    content,
                    "{left:.3} {bottom:.3} {:.3} {:.3} re",
                    module * f64::from(length),
                    module * OVERLAP,
                );
            }
            from += length.max(1);
        }
    }
    content.push_str("f\n");
    Ok(())
}

const QUIET_MODULES: i32 = 4;
/// 0.6 mm: what cheap telephones read from paper.
const MODULE_POINTS_MIN: f64 = 1.7;
const OVERLAP: f64 = 1.02;

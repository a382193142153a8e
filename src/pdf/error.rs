//! Why a PDF is refused, or cannot be added to: what is wrong, where, and what helps.

use super::Reference;

/// Why a PDF is refused. What stands in an object is named by the object's number; 0 is the
/// trailer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    #[error("the file is empty: send the PDF itself")]
    Empty,
    #[error("the file does not begin with `%PDF-` and a version up to 2.0: send the PDF itself")]
    NotPdf,
    #[error("the PDF is a ZIP archive as well: {}", PRINT_AGAIN)]
    Archive,
    #[error("the PDF has more than {max} {unit}: send it in smaller parts")]
    Exceeds { max: usize, unit: &'static str },
    #[error("the PDF is damaged at byte {at}: {why}: {}", PRINT_AGAIN)]
    Damaged { at: usize, why: &'static str },
    #[error("the PDF is damaged in object `{number}`: {why}: {}", PRINT_AGAIN)]
    DamagedObject { number: u32, why: &'static str },
    #[error("the PDF is encrypted: save it without a password and without restrictions")]
    Encrypted,
    #[error(
        "the PDF has a cross-reference table and a stream for the same objects: {}",
        PRINT_AGAIN
    )]
    Hybrid,

    #[error("the PDF has a script in object `{object}`: {}", PRINT_AGAIN)]
    Script { object: u32 },
    #[error(
        "the PDF has an action of the kind `{kind}` in object `{object}`: only places in the \
         document and links may be gone to"
    )]
    Action { object: u32, kind: String },
    #[error("the PDF has a link to `{to}` in object `{object}`: only https and mailto may be")]
    Link { object: u32, to: String },
    #[error(
        "the PDF has a form field with a value in object `{object}`: {}",
        PRINT_AGAIN
    )]
    FormValue { object: u32 },
    #[error(
        "the PDF leaves the look of its form fields to the viewer in object `{object}`: {}",
        PRINT_AGAIN
    )]
    FormLook { object: u32 },
    #[error("the PDF has an XFA form in object `{object}`: {}", PRINT_AGAIN)]
    Xfa { object: u32 },
    #[error("the PDF has an embedded file in object `{object}`: save it without attachments")]
    EmbeddedFile { object: u32 },
    #[error(
        "the PDF takes content from another file in object `{object}`: {}",
        PRINT_AGAIN
    )]
    ExternalContent { object: u32 },
    #[error(
        "the PDF has content that is not always shown in object `{object}`: {}",
        PRINT_AGAIN
    )]
    HiddenContent { object: u32 },
    #[error("the PDF has an annotation of the kind `{kind}` in object `{object}`: take it out")]
    Annotation { object: u32, kind: String },
    #[error(
        "object `{object}` of the PDF can be shown and is not: {}",
        PRINT_AGAIN
    )]
    Unreachable { object: u32 },
    #[error(
        "the PDF is certified against every change in object `{object}`: {}",
        PRINT_AGAIN
    )]
    CertifiedUnchangeable { object: u32 },

    #[error("a signature of {given} bytes does not fit the {reserved} bytes reserved for it")]
    HoleTooSmall { given: usize, reserved: usize },
    #[error("a signature's hole of {0} bytes is outside what is allowed")]
    HoleBytes(usize),
    #[error("object `{0}` is not one of this update")]
    NotReserved(Reference),
}

impl PdfError {
    pub(super) const fn damaged(at: usize, why: &'static str) -> Self {
        Self::Damaged { at, why }
    }

    pub(super) const fn object(number: u32, why: &'static str) -> Self {
        Self::DamagedObject { number, why }
    }
}

const PRINT_AGAIN: &str = "print the document to a new PDF";

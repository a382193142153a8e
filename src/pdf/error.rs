//! Why a PDF is refused, or cannot be added to.

use super::Reference;

/// Why a PDF is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    #[error("the file is empty")]
    Empty,
    #[error("the file does not begin as a PDF does")]
    NotPdf,
    #[error("the PDF has more than {max} {unit}")]
    Exceeds { max: usize, unit: &'static str },
    #[error("the PDF is damaged at byte {at}: {why}")]
    Damaged { at: usize, why: &'static str },
    #[error("the PDF is damaged in object `{number}`: {why}")]
    DamagedObject { number: u32, why: &'static str },
    #[error("the PDF is encrypted")]
    Encrypted,
    #[error("the PDF has a cross-reference table and a stream for the same objects")]
    Hybrid,

    #[error("the PDF has a script")]
    Script,
    #[error("the PDF has an action of the kind `{0}`")]
    Action(String),
    #[error("the PDF has a link to `{0}`, which is neither https nor mailto")]
    Link(String),
    #[error("the PDF has a form field with a value")]
    FormValue,
    #[error("the PDF leaves the look of its form fields to the viewer")]
    FormLook,
    #[error("the PDF has an XFA form")]
    Xfa,
    #[error("the PDF has an embedded file")]
    EmbeddedFile,
    #[error("the PDF takes content from another file")]
    ExternalContent,
    #[error("the PDF has layers that can be hidden")]
    HiddenLayer,
    #[error("the PDF has an annotation of the kind `{0}`")]
    Annotation(String),
    #[error("object `{0}` of the PDF is reached from nowhere")]
    Unreachable(u32),
    #[error("the PDF is certified against every change")]
    CertifiedUnchangeable,

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

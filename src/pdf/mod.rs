//! PDF files, read strictly and added to without a byte of the old ones changed (ISO 32000-2).
//!
//! Answers: what does this file consist of, which revisions wrote it, may it be sealed, and what
//! is it with these objects added? In: bytes. Out: [`Document`], [`Sealable`], [`Update`]; a
//! signature's hole. Invariants: a file is read the one way its own tables say, or refused: every
//! byte belongs to something, every reference leads somewhere, nothing is guessed or repaired; what
//! reading costs is bounded in time and memory, whatever the file says; an update keeps the file
//! before it as its prefix. Deliberately absent: what a page looks like, signatures and their
//! worth, encryption, repair.

mod document;
mod error;
mod filter;
mod indirect;
mod syntax;
mod update;
mod xref;

pub use document::{
    Document, Page, PdfVersion, Rectangle, Revision, Rotation, Sealable, SignatureField, Spelling,
};
pub use error::PdfError;
pub use syntax::{Dictionary, Name, Object, Real, Reference, Stream};
pub use update::{FileId, HoleBytes, Unsigned, Update};
pub use xref::SectionKind;

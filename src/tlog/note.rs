//! Signed notes (C2SP `signed-note`): text that people can read and programs can check.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

use crate::keys::{Algorithm, KeyError, PublicKey, Signer};

/// Why a note is not to be trusted, or cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    #[error("the signature of `{0}` under the note does not verify")]
    BadSignature(String),
    #[error("no signature of `{0}` stands under the note")]
    NotSigned(String),
    #[error("`{0}` is not a name for notes: it is empty, or has white space or `+` in it")]
    Name(String),
    #[error("`{0}` is not a verifier key")]
    Verifier(String),
    #[error("notes of a log are signed with Ed25519 keys")]
    Algorithm,
    #[error("the note cannot be signed")]
    Signing(#[source] KeyError),
}

/// The name of whoever signs notes: one line without Unicode white space or `+`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NoteName(Arc<str>);

impl NoteName {
    /// # Errors
    /// [`NoteError::Name`].
    pub fn parse(given: &str) -> Result<Self, NoteError> {
        let refused = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if given.is_empty() || given.len() > NAME_BYTES_MAX || given.contains(refused) {
            return Err(NoteError::Name(
                given.chars().take(NAME_BYTES_MAX).collect(),
            ));
        }
        Ok(Self(given.into()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NoteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key that checks notes: written `name+keyid+base64(type ‖ key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: NoteName,
    id: [u8; 4],
    key: PublicKey,
}

impl Verifier {
    /// The verifier of notes that `name` signs with the private half of `key`.
    ///
    /// # Errors
    /// [`NoteError::Algorithm`] when it is no Ed25519 key.
    pub fn new(name: NoteName, key: PublicKey) -> Result<Self, NoteError> {
        if key.algorithm() != Algorithm::Ed25519 {
            return Err(NoteError::Algorithm);
        }
        let named = [name.as_str().as_bytes(), b"\n", &[ED25519], key.as_bytes()].concat();
        let digest = digest(&SHA256, &named);
        let Some((id, _)) = digest.as_ref().split_first_chunk::<4>() else {
            return Err(NoteError::Algorithm);
        };
        Ok(Self { name, id: *id, key })
    }

    /// # Errors
    /// [`NoteError::Verifier`] unless it is the one way to write such a key.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let refused = || NoteError::Verifier(text.chars().take(NAME_BYTES_MAX).collect());
        // The key itself may have `+` in it, names may not.
        let mut parts = text.splitn(3, '+');
        let mut next = || parts.next().ok_or_else(refused);
        let (name, _, key) = (next()?, next()?, next()?);
        let bytes = STANDARD.decode(key).map_err(|_| refused())?;
        let Some((&ED25519, key)) = bytes.split_first() else {
            return Err(refused());
        };
        let key = PublicKey::from_bytes(Algorithm::Ed25519, key).ok_or_else(refused)?;
        let verifier = Self::new(NoteName::parse(name)?, key)?;
        if verifier.to_string() != text {
            return Err(refused());
        }
        Ok(verifier)
    }

    #[must_use]
    pub const fn name(&self) -> &NoteName {
        &self.name
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id);
        let key = STANDARD.encode([&[ED25519], self.key.as_bytes()].concat());
        write!(f, "{}+{id:08x}+{key}", self.name)
    }
}

/// One who signs notes.
#[derive(Debug, Clone)]
pub struct NoteSigner {
    verifier: Verifier,
    key: Arc<dyn Signer>,
}

impl NoteSigner {
    /// # Errors
    /// [`NoteError::Algorithm`] when it is no Ed25519 key.
    pub fn new(name: NoteName, key: Arc<dyn Signer>) -> Result<Self, NoteError> {
        let verifier = Verifier::new(name, key.public_key().clone())?;
        Ok(Self { verifier, key })
    }

    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The note with `text`, which ends in a line feed, and one signature.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] for a text that no note can have, [`NoteError::Signing`].
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        check_text(text)?;
        let signature = self.key.sign(text.as_bytes()).map_err(NoteError::Signing)?;
        let blob = STANDARD.encode([&self.verifier.id[..], signature.as_bytes()].concat());
        Ok(format!("{text}\n{MARK}{} {blob}\n", self.verifier.name))
    }
}

/// The text of `note`, once it is known that each of `verifiers` that has a signature under it has
/// a true one, and that the first of them has one. Signatures of others are passed over.
///
/// # Errors
/// [`NoteError::Malformed`], [`NoteError::BadSignature`], [`NoteError::NotSigned`].
pub fn open<'a>(
    note: &'a str,
    signer: &Verifier,
    others: &[Verifier],
) -> Result<&'a str, NoteError> {
    let (text, signatures) = split(note)?;
    let mut is_signed = false;
    for signature in &signatures {
        let known = std::iter::once(signer)
            .chain(others)
            .find(|v| v.name.as_str() == signature.name && v.id == signature.id);
        let Some(verifier) = known else { continue };
        verifier
            .key
            .verify(text.as_bytes(), &signature.bytes)
            .map_err(|_| NoteError::BadSignature(signature.name.to_owned()))?;
        is_signed |= verifier == signer;
    }
    if !is_signed {
        return Err(NoteError::NotSigned(signer.name.to_string()));
    }
    Ok(text)
}

struct SignatureLine<'a> {
    name: &'a str,
    id: [u8; 4],
    bytes: Vec<u8>,
}

/// The text with its last line feed, and the signature lines.
fn split(note: &str) -> Result<(&str, Vec<SignatureLine<'_>>), NoteError> {
    let malformed = NoteError::Malformed;
    if note.len() > NOTE_BYTES_MAX {
        return Err(malformed("it is longer than any note of ours"));
    }
    let at = note
        .rfind("\n\n")
        .ok_or(malformed("no empty line stands before the signatures"))?;
    let (text, lines) = note
        .split_at_checked(at + 1)
        .ok_or(malformed("it breaks off"))?;
    check_text(text)?;
    let lines = lines
        .strip_prefix('\n')
        .and_then(|lines| lines.strip_suffix('\n'))
        .ok_or(malformed("it does not end with a line feed"))?;
    let mut signatures = Vec::new();
    for line in lines.split('\n') {
        if signatures.len() == SIGNATURES_MAX {
            return Err(malformed("it has too many signatures"));
        }
        signatures.push(parse_line(line).ok_or(malformed("a signature line does not read"))?);
    }
    Ok((text, signatures))
}

fn parse_line(line: &str) -> Option<SignatureLine<'_>> {
    let (name, blob) = line.strip_prefix(MARK)?.split_once(' ')?;
    NoteName::parse(name).ok()?;
    let blob = STANDARD.decode(blob).ok()?;
    let (id, bytes) = blob.split_first_chunk::<4>()?;
    let line = SignatureLine {
        name,
        id: *id,
        bytes: bytes.to_vec(),
    };
    (!line.bytes.is_empty()).then_some(line)
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Malformed(
            "its text does not end with a line feed",
        ));
    }
    if text.chars().any(|c| c.is_ascii_control() && c != '\n') {
        return Err(NoteError::Malformed("its text has control characters"));
    }
    Ok(())
}

const MARK: &str = "\u{2014} ";
const ED25519: u8 = 1;
const NAME_BYTES_MAX: usize = 255;
const SIGNATURES_MAX: usize = 64;
const NOTE_BYTES_MAX: usize = 1 << 20;

//! Unpacking what holds structure: `FlateDecode` with predictors (ISO 32000-2 §7.4.4).
//!
//! Page content is never unpacked here.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_COMPUTE_ADLER32, TINFL_FLAG_PARSE_ZLIB_HEADER,
    TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::PdfError;
use super::syntax::{Budget, Dictionary, Object, is_space};

/// What a structural stream unpacks to. `at` is where its data stands, for messages.
pub(super) fn decode(
    dictionary: &Dictionary,
    data: &[u8],
    at: usize,
    budget: &mut Budget,
) -> Result<Vec<u8>, PdfError> {
    if ["F", "FFilter", "FDecodeParms"]
        .iter()
        .any(|key| dictionary.get(key).is_some())
    {
        return Err(PdfError::damaged(
            at,
            "structure that stands in another file",
        ));
    }
    let filter = match dictionary.get("Filter") {
        Some(Object::Array(filters)) if filters.len() <= 1 => filters.first(),
        other => other,
    };
    let decoded = match filter {
        None => data.to_vec(),
        Some(Object::Name(name)) if name.as_bytes() == b"FlateDecode" => {
            inflate(data, at, budget.decoded_left())?
        }
        Some(_) => {
            return Err(PdfError::damaged(
                at,
                "structure is packed in an unknown way",
            ));
        }
    };
    budget.decoded(decoded.len())?;
    let parameters = match dictionary.get("DecodeParms") {
        Some(Object::Array(parameters)) if parameters.len() <= 1 => parameters.first(),
        other => other,
    };
    match parameters {
        None | Some(Object::Null) => Ok(decoded),
        Some(Object::Dictionary(parameters)) => unpredict(parameters, decoded, at),
        Some(_) => Err(PdfError::damaged(at, "not the parameters of a filter")),
    }
}

fn inflate(data: &[u8], at: usize, bytes_max: usize) -> Result<Vec<u8>, PdfError> {
    let flags = TINFL_FLAG_PARSE_ZLIB_HEADER
        | TINFL_FLAG_COMPUTE_ADLER32
        | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut state = Box::<DecompressorOxide>::default();
    let mut out = vec![0; data.len().saturating_mul(4).clamp(64, bytes_max.max(64))];
    let (mut read, mut written) = (0, 0);
    loop {
        let rest = data.get(read..).unwrap_or_default();
        let (status, taken, given) = decompress(&mut state, rest, &mut out, written, flags);
        read += taken;
        written += given;
        match status {
            TINFLStatus::Done => break,
            TINFLStatus::HasMoreOutput if out.len() >= bytes_max => {
                return Err(Budget::unpacks_too_far());
            }
            TINFLStatus::HasMoreOutput => {
                out.resize(out.len().saturating_mul(2).min(bytes_max), 0);
            }
            _ => return Err(PdfError::damaged(at, "packed data does not unpack")),
        }
    }
    // Some writers count the end of line before `endstream` as data.
    let rest = data.get(read..).unwrap_or_default();
    if rest.len() > 2 || !rest.iter().all(|byte| is_space(*byte)) {
        return Err(PdfError::damaged(at, "bytes after the packed data"));
    }
    out.truncate(written);
    Ok(out)
}

/// Undoes a PNG predictor; each row begins with the kind of its prediction.
fn unpredict(parameters: &Dictionary, data: Vec<u8>, at: usize) -> Result<Vec<u8>, PdfError> {
    let number = |key, default| {
        parameters
            .get(key)
            .map_or(Some(default), Object::as_integer)
    };
    let bad = PdfError::damaged(at, "an unknown prediction");
    match number("Predictor", 1) {
        Some(1) => return Ok(data),
        Some(10..=15) => {}
        _ => return Err(bad),
    }
    if number("Colors", 1) != Some(1) || number("BitsPerComponent", 8) != Some(8) {
        return Err(bad);
    }
    let columns = number("Columns", 1).and_then(|columns| usize::try_from(columns).ok());
    let Some(columns @ 1..=COLUMNS_MAX) = columns else {
        return Err(bad);
    };
    if !data.len().is_multiple_of(columns + 1) {
        return Err(bad);
    }
    let mut out = Vec::with_capacity(data.len());
    let mut above = vec![0_u8; columns];
    for line in data.chunks_exact(columns + 1) {
        let Some((kind, line)) = line.split_first() else {
            return Err(bad);
        };
        let (mut left, mut corner) = (0, 0);
        for (byte, up) in line.iter().zip(above.iter_mut()) {
            let guess = match kind {
                0 => 0,
                1 => left,
                2 => *up,
                3 => left.midpoint(*up),
                4 => paeth(left, *up, corner),
                _ => return Err(bad),
            };
            corner = *up;
            left = byte.wrapping_add(guess);
            *up = left;
        }
        out.extend(&above);
    }
    Ok(out)
}

/// The neighbour nearest to `left + up - corner` (PNG, ISO 15948 §9.4).
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(up) - i16::from(corner);
    let far = |byte: u8| (estimate - i16::from(byte)).abs();
    if far(left) <= far(up) && far(left) <= far(corner) {
        left
    } else if far(up) <= far(corner) {
        up
    } else {
        corner
    }
}

const COLUMNS_MAX: usize = 64;

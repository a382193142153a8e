//! The staged bundle: the tiles of one commit in one piece.

use crate::tlog::sequencer::edge::Tiles;
use crate::tlog::tile::TilePath;

/// The tiles as one run of bytes.
pub(super) fn encode(tiles: &Tiles) -> Option<Vec<u8>> {
    let mut out = MARK.to_vec();
    for (path, bytes) in tiles {
        let path = path.to_string();
        out.push(u8::try_from(path.len()).ok()?);
        out.extend_from_slice(path.as_bytes());
        out.extend_from_slice(&u32::try_from(bytes.len()).ok()?.to_be_bytes());
        out.extend_from_slice(bytes);
    }
    Some(out)
}

/// The tiles again; `None` for anything that [`encode`] did not make.
pub(super) fn decode(bundle: &[u8]) -> Option<Tiles> {
    let mut rest = bundle.strip_prefix(MARK)?;
    let mut tiles = Tiles::new();
    while let Some((path_bytes, after)) = rest.split_first() {
        let (path, after) = after.split_at_checked(usize::from(*path_bytes))?;
        let path = TilePath::parse(std::str::from_utf8(path).ok()?)?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (bytes, after) = after.split_at_checked(length)?;
        tiles.push((path, bytes.to_vec()));
        rest = after;
    }
    Some(tiles)
}

const MARK: &[u8] = b"muhrdor staged tiles 1\n";

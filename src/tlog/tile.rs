//! Tiles: the tree cut into files that never change (C2SP `tlog-tiles`).

use std::fmt;

use crate::tlog::hash::{HASH_BYTES, Hash};

/// How many hashes, or entries, a full tile has.
pub const TILE_WIDTH: u16 = 256;

/// The longest entry that a bundle can hold.
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// Which row of tiles: the entries themselves, or hashes of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Row {
    Entries,
    /// Level 0 holds leaf hashes; a hash of level n+1 is the root of a full tile of level n.
    Level(u8),
}

/// The name of one tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TilePath {
    row: Row,
    index: u64,
    width: u16,
}

impl TilePath {
    /// The tile `index` of `row` with its first `width` members; `None` unless 1 ≤ width ≤ 256 and
    /// the level is at most 63.
    #[must_use]
    pub fn new(row: Row, index: u64, width: u16) -> Option<Self> {
        let level_fits = match row {
            Row::Entries => true,
            Row::Level(level) => level <= LEVEL_MAX,
        };
        let fits = level_fits && (1..=TILE_WIDTH).contains(&width);
        fits.then_some(Self { row, index, width })
    }

    /// The tile that holds member `at` of `row` in a tree of `size` leaves, as wide as such a tree
    /// has it; `None` when the tree has no such member.
    #[must_use]
    pub fn holding(row: Row, at: u64, size: u64) -> Option<Self> {
        let members = match row {
            Row::Entries => size,
            Row::Level(level) => size.checked_shr(8 * u32::from(level)).unwrap_or(0),
        };
        let index = at / u64::from(TILE_WIDTH);
        let left = members.checked_sub(index * u64::from(TILE_WIDTH))?;
        let width = u16::try_from(left.min(u64::from(TILE_WIDTH))).ok()?;
        Self::new(row, index, width).filter(|_| at < members)
    }

    #[must_use]
    pub const fn row(&self) -> Row {
        self.row
    }

    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The full tile that this one is the beginning of.
    #[must_use]
    pub const fn filled(self) -> Self {
        Self {
            width: TILE_WIDTH,
            ..self
        }
    }

    /// Reads `tile/L/N[.p/W]` or `tile/entries/N[.p/W]`, with no other way to write the same tile.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (row, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let row = match row {
            "entries" => Row::Entries,
            level => Row::Level(decimal(level)?.try_into().ok()?),
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => {
                let width = u16::try_from(decimal(width)?).ok()?;
                (index, (width < TILE_WIDTH).then_some(width)?)
            }
            None => (rest, TILE_WIDTH),
        };
        let tile = Self::new(row, parse_index(index)?, width)?;
        // One spelling: what we would write is what was read.
        (tile.to_string() == path).then_some(tile)
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Row::Entries => f.write_str("tile/entries")?,
            Row::Level(level) => write!(f, "tile/{level}")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        while let Some(group) = groups.pop() {
            let mark = if groups.is_empty() { "" } else { "x" };
            write!(f, "/{mark}{group:03}")?;
        }
        if self.is_full() {
            return Ok(());
        }
        write!(f, ".p/{}", self.width)
    }
}

fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

fn parse_index(path: &str) -> Option<u64> {
    let mut index = 0_u64;
    for group in path.split('/') {
        let digits = decimal(group.strip_prefix('x').unwrap_or(group))?;
        index = index.checked_mul(1000)?.checked_add(digits)?;
    }
    Some(index)
}

impl TilePath {
    /// What of the bytes of the full tile are this one's.
    #[must_use]
    pub fn beginning<'a>(&self, filled: &'a [u8]) -> Option<&'a [u8]> {
        let end = match self.row {
            Row::Level(_) => usize::from(self.width) * HASH_BYTES,
            Row::Entries => {
                let members = decode_entries(&self.filled(), filled)?;
                let mine = members.iter().take(usize::from(self.width));
                mine.map(|entry| entry.len() + 2).sum()
            }
        };
        filled.get(..end)
    }

    /// Whether these bytes have exactly the members that the name says.
    #[must_use]
    pub fn is_whole(&self, bytes: &[u8]) -> bool {
        match self.row {
            Row::Level(_) => decode_hashes(self, bytes).is_some(),
            Row::Entries => decode_entries(self, bytes).is_some(),
        }
    }
}

/// The bytes of a tile of hashes.
#[must_use]
pub fn encode_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(Hash::as_bytes).copied().collect()
}

/// The hashes of a tile; `None` unless it has exactly as many as its name says.
#[must_use]
pub fn decode_hashes(path: &TilePath, bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
    let exact = rest.is_empty() && hashes.len() == usize::from(path.width);
    exact.then(|| hashes.iter().copied().map(Hash::from_bytes).collect())
}

/// Adds an entry to the bytes of a bundle; `None` when the entry is too long.
#[must_use]
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Option<()> {
    let length = u16::try_from(entry.len()).ok()?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Some(())
}

/// The entries of a bundle; `None` unless it has exactly as many as its name says.
#[must_use]
pub fn decode_entries<'a>(path: &TilePath, bundle: &'a [u8]) -> Option<Vec<&'a [u8]>> {
    let mut entries = Vec::with_capacity(usize::from(path.width));
    let mut rest = bundle;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        rest = after;
    }
    (rest.is_empty() && entries.len() == usize::from(path.width)).then_some(entries)
}

const LEVEL_MAX: u8 = 63;

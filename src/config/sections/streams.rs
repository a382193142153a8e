//! `[streams]`: what goes on after its answer has begun.

use crate::domain::sheet::Table;

/// How many streams may be open at once, and how they end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    /// Of one principal; of nobody in particular, of one address block.
    pub per_principal_max: usize,
    pub streams_max: usize,
    /// From the first signal to stop until a stream is ended in good order.
    pub drain_ms_max: u32,
}

pub(in crate::config) fn streams(root: &mut Table<'_>) -> Option<Streams> {
    root.section_or("streams", STREAMS_DEFAULT, |table| {
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let default = STREAMS_DEFAULT;
        let each = table.bounded(
            "per_principal_max",
            number(default.per_principal_max),
            (1, 10_000),
        );
        let all = table.bounded("streams_max", number(default.streams_max), (1, 1_000_000));
        let drain = table.bounded(
            "drain_ms_max",
            u64::from(default.drain_ms_max),
            (0, 600_000),
        );
        Some(Streams {
            per_principal_max: usize::try_from(each?).ok()?,
            streams_max: usize::try_from(all?).ok()?,
            drain_ms_max: u32::try_from(drain?).ok()?,
        })
    })
}

const STREAMS_DEFAULT: Streams = Streams {
    per_principal_max: 16,
    streams_max: 10_000,
    drain_ms_max: 5_000,
};

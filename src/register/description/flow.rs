//! How an operation's messages come and go: streams, and what of them can be told in no contract.

use crate::domain::flow::{EVENTS, Flow, STREAM_IDLE_MS_DEFAULT};
use crate::domain::operation::{Mode, Operation};
use crate::domain::sheet::Table;

/// The keys of an operation that say how its messages come and go.
pub(super) fn read(table: &mut Table<'_>) -> Option<Flow> {
    let idle = table.bounded(
        "stream_idle_ms_max",
        u64::from(STREAM_IDLE_MS_DEFAULT),
        (1, STREAM_IDLE_MS_BOUND),
    );
    Some(Flow {
        stream_idle_ms_max: u32::try_from(idle?).ok()?,
    })
}

/// What is right in each key and wrong together.
pub(super) fn check(table: &Table<'_>, operation: &Operation) {
    let id = &operation.id;
    let events = operation.contracts.iter().filter(|c| c.media == EVENTS);
    for contract in events.filter(|contract| contract.mode != Mode::Public) {
        let mode = match &contract.mode {
            Mode::Public => "public",
            Mode::Whole { .. } => "whole",
            Mode::Fields(_) => "fields",
        };
        let what = format!("`{id}` streams events in mode `{mode}`");
        table.note(
            table.line(),
            what,
            "a contract for each record of a stream is not built: stream only what is `public`",
        );
    }
    if table.has("stream_idle_ms_max") && !operation.lasts() {
        let what = format!("`{id}` bounds the silence of a stream and has none");
        table.note(
            table.line(),
            what,
            "remove `stream_idle_ms_max`, or answer `text/event-stream`",
        );
    }
}

/// An hour.
const STREAM_IDLE_MS_BOUND: u64 = 3_600_000;

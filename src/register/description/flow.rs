//! How an operation's messages come and go: streams, and what of them can be told in no contract.

use crate::domain::flow::{EVENTS, Flow, STREAM_IDLE_MS_DEFAULT, STREAM_MS_DEFAULT, WebSocket};
use crate::domain::operation::{Method, Mode, Operation, SubjectAt};
use crate::domain::service::Backend;
use crate::domain::sheet::{At, Table};
use crate::wire::tunnel::handshake::is_subprotocol;

/// The keys of an operation that say how its messages come and go.
pub(super) fn read(table: &mut Table<'_>) -> Option<Flow> {
    let upgrade = table.want_parsed("upgrade", "write `websocket`", |given| match given {
        "websocket" => Ok(()),
        _ => Err(format!("`{given}` is nothing to go on as")),
    });
    let mend = "name a subprotocol, a token of HTTP";
    let subprotocols = table.list_parsed("subprotocols", mend, |given| {
        let refused = || format!("`{given}` is not a token");
        is_subprotocol(given)
            .then(|| given.to_owned())
            .ok_or_else(refused)
    });
    if upgrade.is_none()
        && let Some(At { line, .. }) = subprotocols.first()
    {
        let what = "subprotocols of what is no WebSocket";
        table.note(*line, what, "write `upgrade`, or remove `subprotocols`");
    }
    let total = table.bounded(
        "stream_ms_max",
        u64::from(STREAM_MS_DEFAULT),
        (1, STREAM_MS_BOUND),
    );
    let idle = table.bounded(
        "stream_idle_ms_max",
        u64::from(STREAM_IDLE_MS_DEFAULT),
        (1, STREAM_IDLE_MS_BOUND),
    );
    let subprotocols = subprotocols.into_iter().map(|at| at.value).collect();
    Some(Flow {
        upgrade: upgrade.map(|_| WebSocket { subprotocols }),
        stream_ms_max: u32::try_from(total?).ok()?,
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
    if operation.flow.upgrade.is_some() {
        check_tunnel(table, operation);
    } else if table.has("stream_ms_max") {
        let what = format!("`{id}` bounds a tunnel and has none");
        table.note(
            table.line(),
            what,
            "remove `stream_ms_max`, or write `upgrade`",
        );
    }
}

/// Frames are not read, so nothing in them can be decided, cut or recorded.
fn check_tunnel(table: &Table<'_>, operation: &Operation) {
    let id = &operation.id;
    let note = |what: String, mend: &str| table.note(table.line(), what, mend);
    if operation.method != Method::Get {
        note(
            format!("`{id}` is a WebSocket with another method than GET"),
            "write `GET` in `call` (RFC 6455 §4.1)",
        );
    }
    let public = |mode: &Mode| matches!(mode, Mode::Public);
    let about_someone = operation.subject != SubjectAt::Nobody;
    if about_someone || !operation.contracts.iter().all(|c| public(&c.mode)) {
        note(
            format!("`{id}` is a WebSocket that could carry personal data"),
            "nobody reads its frames: use it for what is `public` and about `nobody`",
        );
    }
    if operation.service.backend == Backend::InHouse {
        note(
            format!("`{id}` is a WebSocket of the house"),
            "a WebSocket leads to an `upstream`",
        );
    }
}

/// An hour.
const STREAM_IDLE_MS_BOUND: u64 = 3_600_000;

/// A day.
const STREAM_MS_BOUND: u64 = 86_400_000;

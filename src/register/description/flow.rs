//! How an operation's messages come and go: streams, and what of them can be told in no contract.

use crate::domain::flow::{
    EVENTS, Flow, RequestBody, STREAM_IDLE_MS_DEFAULT, STREAM_MS_DEFAULT, WebSocket,
};
use crate::domain::operation::{Effect, Method, Mode, Operation, SubjectAt};
use crate::domain::service::Backend;
use crate::domain::sheet::{At, Table};
use crate::register::description::operation::headers;
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
    let body = table.parsed_or(
        "body",
        RequestBody::Collected,
        "write `collected` or `streamed`",
        |given| match given {
            "collected" => Ok(RequestBody::Collected),
            "streamed" => Ok(RequestBody::Streamed),
            _ => Err(format!("`{given}` is no way to take a body")),
        },
    );
    let request_trailers = headers(table, "request_trailers");
    let response_trailers = headers(table, "response_trailers");
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
        body: body?,
        request_trailers,
        response_trailers,
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
    } else if table.has("stream_ms_max") && !operation.is_grpc() {
        let what = format!("`{id}` bounds a tunnel and has none");
        table.note(
            table.line(),
            what,
            "remove `stream_ms_max`, or write `upgrade`",
        );
    }
    check_pieces(table, operation);
}

/// What passes in pieces cannot be held against anything, so it must be about nobody.
fn check_pieces(table: &Table<'_>, operation: &Operation) {
    let (id, flow) = (&operation.id, &operation.flow);
    let note = |what: String, mend: &str| table.note(table.line(), what, mend);
    let streamed = flow.body == RequestBody::Streamed;
    let trailers = !flow.request_trailers.is_empty() || !flow.response_trailers.is_empty();
    let public = operation.contracts.iter().all(|c| c.mode == Mode::Public);
    let in_house = operation.service.backend == Backend::InHouse;
    let bodiless = matches!(operation.method, Method::Get | Method::Delete);
    if (streamed || trailers) && (!public || in_house || !operation.issues.is_empty()) {
        note(
            format!("`{id}` lets bodies or trailers through as they come"),
            "only what is `public` and leads to an `upstream` may; remove `body` and trailers",
        );
    }
    if streamed && (bodiless || matches!(operation.effect, Effect::Verify(_))) {
        note(
            format!("`{id}` streams a body that it has not"),
            "use POST, PUT or PATCH, or remove `body`",
        );
    }
    if flow
        .request_trailers
        .iter()
        .any(|name| name.starts_with("x-"))
    {
        note(
            format!("`{id}` lets through a trailer `x-…`"),
            "the guard takes none of a request: use another name",
        );
    }
    if !flow.request_trailers.is_empty() && !streamed {
        note(
            format!("`{id}` has trailers after a body that is taken whole"),
            "write `body = \"streamed\"`, or remove `request_trailers`",
        );
    }
    if operation.is_grpc() && (!streamed || operation.method != Method::Post) {
        note(
            format!("`{id}` is a method of gRPC"),
            "write `POST` in `call` and `body = \"streamed\"`",
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

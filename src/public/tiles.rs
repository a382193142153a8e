//! `/tlog/…`: the documents' log, for whoever reads all of it (C2SP `tlog-tiles`).

use std::sync::Arc;

use http::header::ALLOW;
use http::{HeaderValue, Method, Response, StatusCode};

use crate::limits::AddressLimit;
use crate::public::answers;
use crate::tlog::Tlog;
use crate::tlog::tile::{Row, TilePath};
use crate::wire::arrival::Arrival;
use crate::wire::body::Body;

/// Answers a request at `/tlog/…`.
pub async fn answer(log: &Tlog, addresses: &AddressLimit, arrival: Arrival) -> Response<Body> {
    let response = match (
        answers::exceeded(addresses, &arrival).await,
        &arrival.method,
    ) {
        (Some(no), _) => no,
        (None, &Method::GET | &Method::HEAD) => found(log, arrival.target.path()).await,
        (None, _) => {
            let mut no = answers::refused(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
            no.headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            no
        }
    };
    answers::finished(response, arrival.visit, &arrival.method)
}

async fn found(log: &Tlog, path: &str) -> Response<Body> {
    let absent = || answers::refused(StatusCode::NOT_FOUND, "unknown_operation");
    let Some(name) = path.strip_prefix("/tlog/") else {
        return absent();
    };
    let published = log.published();
    if name == "checkpoint" {
        let note = published.note.as_bytes().to_vec();
        return answers::bytes("text/plain; charset=utf-8", note, FRESH);
    }
    let Some(tile) = TilePath::parse(name).filter(|tile| is_published(tile, published.head.size))
    else {
        return absent();
    };
    let tiles = Arc::clone(log.tiles());
    let read = tokio::task::spawn_blocking(move || tiles.read_members(&tile)).await;
    match read {
        // What is cached for ever must be right: a tile that was cut short is none.
        Ok(Ok(Some(bytes))) if tile.is_whole(&bytes) => {
            answers::bytes("application/octet-stream", bytes, IMMUTABLE)
        }
        Ok(Ok(Some(_))) => {
            tracing::error!(target: "muhrdor::tlog", %tile, "a tile is not whole");
            unavailable()
        }
        Ok(Ok(None)) => absent(),
        Ok(Err(cause)) => {
            tracing::error!(target: "muhrdor::tlog", %tile, %cause, "a tile is not read");
            unavailable()
        }
        Err(_) => unavailable(),
    }
}

fn unavailable() -> Response<Body> {
    answers::refused(StatusCode::SERVICE_UNAVAILABLE, "notary_unavailable")
}

/// Whether the public checkpoint implies that this much of the tile is there.
fn is_published(tile: &TilePath, size: u64) -> bool {
    let members = match tile.row() {
        Row::Entries => size,
        Row::Level(level) => size.checked_shr(8 * u32::from(level)).unwrap_or(0),
    };
    let first = tile.index().checked_mul(256);
    let end = first.and_then(|first| first.checked_add(u64::from(tile.width())));
    end.is_some_and(|end| end <= members)
}

/// A checkpoint is new as often as something is sealed.
const FRESH: &str = "public, max-age=1";
/// What stands in a tile never changes.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

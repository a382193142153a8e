//! How the tunnels of these tests are opened, and what a test says in them.

use muhrdor::wire::tunnel::handshake;
use tokio::io::AsyncWriteExt;

use super::{Call, Live};

/// A conversation, as the register describes it.
pub(super) struct Chat;

impl Chat {
    pub(super) const OPERATION: &'static str = r#"
[[operation]]
id = "live.chat"
call = "GET /chat"
who = ["person", "system"]
subject = "nobody"
upgrade = "websocket"
subprotocols = ["chat.v2", "chat.v1"]

[[operation.answer]]
status = 400
media = "text/plain"
mode = "public"
"#;
}

/// The key of RFC 6455 §1.3, and what answers it.
pub(super) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(super) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// `Hello` from a client (RFC 6455 §5.7).
pub(super) const MASKED_HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// `Hello` from a server.
pub(super) const HELLO: &[u8] = b"\x81\x05Hello";

/// The header lines of an opening, but for `Origin`.
pub(super) fn upgrade_lines() -> String {
    format!(
        "connection: Upgrade\r\nupgrade: WebSocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: {KEY}\r\n"
    )
}

/// The header lines of an opening from a page of the portal.
pub(super) fn opening(live: &Live) -> String {
    let portal = &live.house.grounds.grounds.places.portal;
    format!("{}origin: {portal}\r\n", upgrade_lines())
}

/// The right answer to an opening with this head.
pub(super) fn granted(head: &str, more: &str) -> String {
    let mut lines = head.lines();
    let key = lines.find_map(|line| line.strip_prefix("sec-websocket-key: "));
    let accept = handshake::accept(key.unwrap());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-accept: {accept}\r\n{more}\r\n"
    )
}

pub(super) async fn grants(call: &mut Call, more: &str) {
    let answer = granted(&call.head, more);
    says(call, &answer).await;
}

pub(super) async fn says(call: &mut Call, bytes: &str) {
    call.stream.write_all(bytes.as_bytes()).await.unwrap();
}

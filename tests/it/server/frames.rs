//! HTTP/2 frame by frame: what no well-behaved client library would send.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::rig::{HOST, Rig};

pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const ENHANCE_YOUR_CALM: u8 = 11;

/// What became of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its answer's first bytes: `0x88` is `:status: 200`, `0x8c` is 400 (RFC 7541 appendix A).
    Answer(u8),
    Reset,
    Goaway(u8),
    Closed,
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn text(bytes: &[u8]) -> Vec<u8> {
    let mut text = vec![u8::try_from(bytes.len()).unwrap()];
    text.extend(bytes);
    text
}

/// A literal field without indexing (RFC 7541 §6.2.2).
pub(super) fn field(name: &[u8], value: &[u8]) -> Vec<u8> {
    [vec![0], text(name), text(value)].concat()
}

pub(super) fn pseudo(path: &[u8]) -> Vec<u8> {
    [
        field(b":method", b"GET"),
        field(b":scheme", b"https"),
        field(b":authority", HOST.as_bytes()),
        field(b":path", path),
    ]
    .concat()
}

pub(super) async fn open(rig: &Rig) -> TlsStream<TcpStream> {
    let mut stream = rig.connect_with(rig.client(b"h2"), HOST).await.unwrap();
    let settings = frame(4, 0, 0, &[]);
    let hello = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &settings].concat();
    stream.write_all(&hello).await.unwrap();
    stream
}

/// Reads frames until one of them settles what became of the requests.
pub(super) async fn fate(stream: &mut TlsStream<TcpStream>) -> Fate {
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            return Fate::Closed;
        }
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut payload = vec![0; length];
        if stream.read_exact(&mut payload).await.is_err() {
            return Fate::Closed;
        }
        match head[3] {
            HEADERS => return Fate::Answer(payload[0]),
            RST_STREAM => return Fate::Reset,
            GOAWAY => return Fate::Goaway(payload[7]),
            _ => {}
        }
    }
}

async fn ask(rig: &Rig, block: &[u8]) -> Fate {
    let mut stream = open(rig).await;
    // END_HEADERS and END_STREAM.
    stream
        .write_all(&frame(HEADERS, 0x05, 1, block))
        .await
        .unwrap();
    fate(&mut stream).await
}

#[tokio::test]
async fn a_malformed_request_ends_its_stream_and_reaches_no_door() {
    let with = |more: Vec<u8>| [pseudo(b"/app"), more].concat();
    let rows = [
        ("PA-14", pseudo(b"admin/x")),
        ("PA-14", pseudo(b"")),
        ("PA-14", pseudo(b" /admin")),
        ("PA-14", pseudo(b"http://x/")),
        ("PA-06", pseudo(b"/admin\\x")),
        ("H2-07", with(field(b"x", b"a\r\nb: c"))),
        ("H2-07", with(field(b"x", b"a\0b"))),
        ("H2-07", with(field(b"X-Upper", b"a"))),
        ("H2-07", with(field(b"", b"a"))),
        ("H2-07", with(field(b"transfer-encoding", b"chunked"))),
        ("H2-07", with(field(b"connection", b"close"))),
        ("H2-07", with(field(b"content-length", b"5"))),
        ("H2-07", with(field(b":path", b"/other"))),
        ("H2-07", [field(b"x", b"y"), pseudo(b"/app")].concat()),
        ("H2-07", with(field(b":unknown", b"y"))),
    ];
    for (id, block) in rows {
        let rig = Rig::start().await;
        let fate = ask(&rig, &block).await;
        let said = block.escape_ascii();
        assert_ne!(fate, Fate::Answer(0x88), "{id}: {said}");
        assert!(rig.house.lines().is_empty(), "{id}: {said}");
    }
}

#[tokio::test]
async fn a_fragment_that_the_library_cuts_off_is_neither_matched_nor_forwarded() {
    let rig = Rig::start().await;
    assert_eq!(
        ask(&rig, &pseudo(b"/admin#/public/")).await,
        Fate::Answer(0x88),
        "PA-03"
    );
    assert_eq!(rig.house.lines(), ["GET /admin"], "PA-03");
}

#[tokio::test]
async fn a_flood_of_resets_ends_the_connection() {
    let rig = Rig::start().await;
    let mut stream = open(&rig).await;
    let block = pseudo(b"/wait");
    let mut flood = Vec::new();
    for stream in (1..20_001).step_by(2) {
        flood.extend(frame(HEADERS, 0x05, stream, &block));
        flood.extend(frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]));
    }
    let (mut reader, mut writer) = tokio::io::split(&mut stream);
    let flooding = async { writer.write_all(&flood).await };
    let reading = async {
        let mut answer = Vec::new();
        // The server's reset may cut the reading short: what came before it counts.
        let _ = reader.read_to_end(&mut answer).await;
        answer
    };
    let (_, answer) = tokio::join!(flooding, reading);
    // The error code stands before the debug text in a GOAWAY frame (RFC 9113 §6.8).
    let calm = [0, 0, 0, ENHANCE_YOUR_CALM];
    let goaway = [calm.as_slice(), b"too_many_resets"].concat();
    let goaway = answer.windows(goaway.len()).any(|window| window == goaway);
    assert!(goaway, "H2-01: {}", answer.escape_ascii());
    assert!(rig.house.lines().is_empty(), "H2-01");
}

#[tokio::test]
async fn endless_continuation_is_cut_at_the_header_list_limit() {
    let rig = Rig::start().await;
    let mut stream = open(&rig).await;
    let cookies = [frame(HEADERS, 0x01, 1, &pseudo(b"/app"))].concat();
    let _ = stream.write_all(&cookies).await;
    let crumb = field(b"cookie", &[b'a'; 100]).repeat(100);
    for _ in 0..1000 {
        if stream.write_all(&frame(9, 0, 1, &crumb)).await.is_err() {
            break;
        }
    }
    let fate = fate(&mut stream).await;
    assert!(
        matches!(fate, Fate::Goaway(_) | Fate::Reset | Fate::Closed),
        "H2-03: {fate:?}"
    );
    assert!(rig.house.lines().is_empty(), "H2-03");
}

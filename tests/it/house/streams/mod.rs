//! What goes on after its answer has begun, over the listeners: events, tunnels, trailers, and what
//! ends them. Rows WS of the attack cases.

mod calls;
mod connect;
mod counted;
mod ends;
mod events;
mod storms;
mod tunnels;
mod uploads;
mod websocket;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use muhrdor::app;
use muhrdor::clock::{Clock, HandClock, SystemClock};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;

use super::trouble::asked::{connect, connect_http2, session_cookie};
use super::trouble::upstreams::{copy, with_policies};
use super::{House, TestGrounds, unhurried};

/// Operations of a service of these tests.
const LIVE: &str = r#"id = "live"
kind = "interactive"
agency = "pension-fund"
regulation = { number = "CM-252", term_days = 10 }
hosts = ["localhost"]
prefix = "/live"
upstream = "live"
cors_origins = ["https://app.example"]
names = { uz = "l", uzc = "l", ru = "l", en = "l" }
"#;

/// The shipped rules let nobody write where all is public.
const RULE: &str = r#"
@id("public-writes-for-everyone")
@title_uz("t")
@title_uzc("t")
@title_ru("t")
@title_en("t")
@basis("zru-395-services")
@owner("portal")
@journal("summary")
permit (principal, action == Gov::Action::"submit", resource is Gov::Operation)
when { resource.public };
"#;

/// The house with one service more, whose program is the test itself.
pub(super) struct Live {
    pub(super) house: House,
    listener: Arc<TcpListener>,
    _policies: TempDir,
}

/// A request as it came to the e-service, and the connection to answer on.
pub(super) struct Call {
    pub(super) head: String,
    pub(super) stream: TcpStream,
}

impl Live {
    pub(super) async fn open(operations: &str) -> Self {
        Self::open_with(operations, |config| config).await
    }

    pub(super) async fn open_with(operations: &str, change: impl FnOnce(String) -> String) -> Self {
        Self::open_on(operations, change, || Arc::new(SystemClock::new())).await
    }

    async fn open_on(
        operations: &str,
        change: impl FnOnce(String) -> String,
        clock: impl FnOnce() -> Arc<dyn Clock>,
    ) -> Self {
        let policies = tempfile::tempdir().unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        copy(&shipped, policies.path());
        let described = format!("{LIVE}{operations}");
        fs::write(policies.path().join("services/live.toml"), described).unwrap();
        fs::write(policies.path().join("live.cedar"), RULE).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let grounds = TestGrounds::prepare(|config| {
            let config = with_policies(&unhurried(&config), policies.path());
            change(format!(
                "{config}\n[upstreams.live]\naddress = \"{address}\"\n"
            ))
        })
        .await;
        let config = grounds.grounds.config().unwrap();
        let gateway = app::start(config, clock()).await.unwrap();
        Self {
            house: House { grounds, gateway },
            listener: Arc::new(listener),
            _policies: policies,
        }
    }

    /// The same, on a clock that the test moves.
    pub(super) async fn by_hand(
        operations: &str,
        change: impl FnOnce(String) -> String,
    ) -> (Self, HandClock) {
        let clock = HandClock::at(SystemClock::new().now());
        let shared = clock.clone();
        let live = Self::open_on(operations, change, move || {
            // Preparing takes its time, and providers have clocks of their own.
            let now = SystemClock::new().now();
            let late = now.ms_since(shared.now());
            shared.advance_ms(u32::try_from(late).unwrap());
            Arc::new(shared)
        });
        (live.await, clock)
    }

    pub(super) fn listener(&self) -> Arc<TcpListener> {
        Arc::clone(&self.listener)
    }

    /// The next request that reaches the e-service.
    pub(super) async fn called(&self) -> Call {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let head = read_head(&mut stream).await;
        Call { head, stream }
    }

    /// A client's connection, TLS and HTTP/1.1.
    pub(super) async fn connect(&self) -> TlsStream<TcpStream> {
        connect(&self.house.grounds).await
    }

    /// Sends a GET with these header lines; the connection it was sent on.
    pub(super) async fn get(&self, path: &str, lines: &str) -> TlsStream<TcpStream> {
        let mut stream = self.connect().await;
        let host = self.host();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{lines}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    pub(super) fn host(&self) -> String {
        let portal = &self.house.grounds.grounds.places.portal;
        portal.trim_start_matches("https://").to_owned()
    }

    /// The cookie line of someone who has just signed in.
    pub(super) async fn cookie_of(&self, login: &str) -> String {
        let cookie = session_cookie(&self.house.grounds, login).await;
        format!("cookie: {cookie}\r\n")
    }
}

/// Ends the session behind a cookie line.
async fn sign_out(live: &Live, cookie: &str) {
    let mut leaving = live.connect().await;
    let (host, portal) = (live.host(), &live.house.grounds.grounds.places.portal);
    let sign_out = format!(
        "POST /oauth2/sign_out HTTP/1.1\r\nhost: {host}\r\n{cookie}origin: {portal}\r\n\
         content-length: 0\r\n\r\n"
    );
    leaving.write_all(sign_out.as_bytes()).await.unwrap();
    let head = read_head(&mut leaving).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

/// Reads up to the end of a head, and not a byte more.
pub(super) async fn read_head(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// Reads until this text has come.
pub(super) async fn read_until(stream: &mut (impl AsyncReadExt + Unpin), text: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        let count = stream.read_buf(&mut read).await.unwrap();
        let so_far = String::from_utf8_lossy(&read).into_owned();
        assert_ne!(count, 0, "ended before `{text}`: {so_far}");
    }
    String::from_utf8(read).unwrap()
}

/// Everything that still comes, up to the end.
pub(super) async fn read_rest(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut read = Vec::new();
    // An end without a TLS farewell is an end too.
    let _ended = stream.read_to_end(&mut read).await;
    String::from_utf8_lossy(&read).into_owned()
}

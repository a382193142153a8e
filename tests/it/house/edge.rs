//! Rows of the edge that need the whole house: what an upstream's malformed words come to, and what
//! is never forwarded.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{House, told, unhurried, with_upstream};

/// An upstream that answers every request with the same bytes, whatever they are.
struct Raw {
    bytes: Arc<Mutex<Vec<u8>>>,
    connections: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
    address: String,
    _tasks: JoinSet<()>,
}

impl Raw {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        let (say, count, heard) = (
            Arc::clone(&bytes),
            Arc::clone(&connections),
            Arc::clone(&heads),
        );
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (say, heard) = (Arc::clone(&say), Arc::clone(&heard));
                open.spawn(async move {
                    let mut head = Vec::new();
                    while let Ok(byte) = stream.read_u8().await {
                        head.push(byte);
                        if head.ends_with(b"\r\n\r\n") {
                            let read = std::mem::take(&mut head);
                            heard.lock().unwrap().push(String::from_utf8(read).unwrap());
                            let answer = say.lock().unwrap().clone();
                            // The gateway may have gone: then it hears nothing.
                            let _gone = stream.write_all(&answer).await;
                        }
                    }
                });
            }
        });
        Self {
            bytes,
            connections,
            heads,
            address,
            _tasks: tasks,
        }
    }

    fn says(&self, answer: &[u8]) {
        *self.bytes.lock().unwrap() = answer.to_vec();
    }

    fn requests(&self) -> usize {
        self.heads.lock().unwrap().len()
    }
}

const GOOD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

async fn house(raw: &Raw) -> House {
    let address = raw.address.clone();
    House::open_with(|config| unhurried(&with_upstream(&config, "civil-registry", &address))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn fr_20_an_upstream_that_breaks_the_framing_is_not_believed_and_not_asked_again_there() {
    let raw = Raw::open().await;
    let house = house(&raw).await;
    let mut anyone = house.grounds.visitor();
    let long = "x".repeat(1 << 20);
    let flood = "HTTP/1.1 102 Processing\r\n\r\n".repeat(2_000);
    let json = "content-type: application/json\r\n";
    for (what, answer) in [
        (
            "length and chunks",
            format!(
                "HTTP/1.1 200 OK\r\n{json}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
            ),
        ),
        (
            "two lengths",
            format!("HTTP/1.1 200 OK\r\n{json}content-length: 2\r\ncontent-length: 7\r\n\r\n{{}}"),
        ),
        (
            "the same length twice",
            format!("HTTP/1.1 200 OK\r\n{json}content-length: 2\r\ncontent-length: 2\r\n\r\n{{}}"),
        ),
        (
            "no content, with content",
            "HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n{}".into(),
        ),
        (
            "a flood of interim answers",
            format!("{flood}HTTP/1.1 200 OK\r\n{json}content-length: 2\r\n\r\n{{}}"),
        ),
        (
            "a header of a mebibyte",
            format!("HTTP/1.1 200 OK\r\n{json}x-long: {long}\r\ncontent-length: 2\r\n\r\n{{}}"),
        ),
        (
            "a line feed in a header",
            format!(
                "HTTP/1.1 200 OK\r\n{json}x-note: a\nset-cookie: a=b\r\ncontent-length: 2\r\n\r\n{{}}"
            ),
        ),
        ("no HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n\r\n".into()),
    ] {
        raw.says(answer.as_bytes());
        let before = raw.connections.load(Ordering::SeqCst);
        let reply = anyone.get("/civil/info/services", &[]).await.unwrap();
        assert_eq!(reply.status, 502, "{what}: {}", reply.received());
        raw.says(GOOD);
        let reply = anyone.get("/civil/info/services", &[]).await.unwrap();
        assert_eq!(reply.status, 200, "after {what}: {}", reply.received());
        let after = raw.connections.load(Ordering::SeqCst);
        assert!(after > before, "after {what} the same connection was used");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fr_17_no_answer_to_an_upgrade_makes_a_tunnel() {
    let raw = Raw::open().await;
    let house = house(&raw).await;
    let mut anyone = house.grounds.visitor();
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket")];
    raw.says(GOOD);
    let plain = anyone.get("/civil/info/services", &upgrade).await.unwrap();
    assert_eq!((plain.status.as_u16(), &plain.body[..]), (200, &b"{}"[..]));
    raw.says(
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    );
    let switched = anyone.get("/civil/info/services", &upgrade).await.unwrap();
    assert_eq!(switched.status, 502, "{}", switched.received());
    for head in raw.heads.lock().unwrap().iter() {
        assert!(!head.to_ascii_lowercase().contains("upgrade"), "{head}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hs_15_what_is_the_gateways_own_forwards_nothing() {
    let raw = Raw::open().await;
    let house = house(&raw).await;
    let mut anyone = house.grounds.visitor();
    let forged = [
        ("muhrdor-assertion", "a.b.c"),
        ("x-forwarded-user", "admin"),
        ("remote-user", "admin"),
        ("x-original-url", "/civil/info"),
    ];
    for path in [
        "/oauth2/callback?code=a&state=b",
        "/oauth2/start",
        "/.well-known/jwks.json",
        "/assets/none.css",
    ] {
        let reply = anyone.get(path, &forged).await.unwrap();
        assert!(!reply.received().contains("admin"), "{}", reply.received());
    }
    assert_eq!(raw.requests(), 0);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hs_20_an_upstreams_error_is_told_by_the_gateway_itself() {
    let raw = Raw::open().await;
    let house = house(&raw).await;
    raw.says(b"HTTP/1.1 500 Oops\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\nstack");
    let mut anyone = house.grounds.visitor();
    let reply = anyone
        .get("/civil/info/services", &[("cookie", "theirs=1")])
        .await
        .unwrap();
    assert_eq!(told(&reply), (502, "contract_broken".to_owned()));
    assert!(!reply.received().contains("stack"));
    assert_eq!(raw.requests(), 1, "nobody else was asked");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hs_21_a_session_tells_no_token() {
    let house = House::open().await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let told = aziza.get("/oauth2/userinfo", &[]).await.unwrap();
    assert_eq!(told.status, 200);
    let text = String::from_utf8(told.body.to_vec()).unwrap();
    assert!(!text.contains("token") && !text.contains("eyJ"), "{text}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t07_no_byte_of_an_answer_leaves_before_its_outcome_is_recorded() {
    let house = House::open_with(|config| {
        // More than any disk has: every entry is refused.
        let full = "lock_dir = \"";
        unhurried(&config).replace(full, &format!("free_bytes_min = {}\n{full}", 1_u64 << 50))
    })
    .await;
    let mut system = house.grounds.system("social-agency-system").await;
    let purpose = [("muhrdor-purpose", "benefit.assess")];
    let path = "/pension/records/41507850211172/income?below=5000000";
    let reply = system.get(path, &purpose).await.unwrap();
    assert_eq!(
        told(&reply),
        (503, "store_full".to_owned()),
        "{}",
        reply.received()
    );
    assert!(!reply.received().contains("answer"), "{}", reply.received());
    let public = system
        .ask(Method::GET, "/civil/info/services", &[], Default::default())
        .await;
    assert_eq!(public.unwrap().status, 200, "what is about nobody goes on");
    house.close().await;
}

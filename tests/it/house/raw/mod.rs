//! An e-service that is nothing but a socket: it hears the very bytes that arrive and says the very
//! bytes that a test wants said. Rows HS, FR and T of the attack cases that need the whole house.

mod alike;
mod coded;
mod heard;
mod logged;
mod question;
mod said;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muhrdor::demo::Visitor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{AZIZA, House, told, unhurried, with_upstream};

/// What a request was when it arrived at the e-service.
#[derive(Debug, Clone)]
struct Heard {
    /// Which connection it came on, counted from 0.
    connection: usize,
    head: String,
    /// Where the head says how long it is.
    body: Vec<u8>,
}

impl Heard {
    fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.head.lines().skip(1);
        lines.filter_map(|line| line.split_once(": "))
    }

    fn names(&self) -> Vec<&str> {
        self.fields().map(|(name, _)| name).collect()
    }

    fn values(&self, name: &str) -> Vec<&str> {
        let named = self.fields().filter(|(found, _)| *found == name);
        named.map(|(_, value)| value).collect()
    }

    /// The claims of the one assertion it carried.
    fn claims(&self) -> serde_json::Map<String, serde_json::Value> {
        let [assertion] = self.values("muhrdor-assertion")[..] else {
            panic!("not one assertion: {}", self.head);
        };
        let payload = assertion.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }
}

#[derive(Debug)]
struct Raw {
    says: Mutex<Vec<Vec<u8>>>,
    heard: watch::Sender<Vec<Heard>>,
}

impl Raw {
    /// Says these bytes to every request, each piece in a write of its own.
    fn say(&self, pieces: Vec<Vec<u8>>) {
        *self.says.lock().unwrap() = pieces;
    }

    /// What arrived since it was last asked.
    fn heard(&self) -> Vec<Heard> {
        self.heard.send_replace(Vec::new())
    }

    /// Opens the socket; it hears and answers until the tasks are dropped.
    async fn open() -> (Arc<Self>, SocketAddr, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let raw = Arc::new(Self {
            says: Mutex::new(vec![whole(&record())]),
            heard: watch::Sender::new(Vec::new()),
        });
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&raw);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let raw = Arc::clone(&shared);
                // A connection that the gateway breaks off has ended.
                connections.spawn(async move { drop(raw.converse(stream, number).await) });
            }
        });
        (raw, address, tasks)
    }

    async fn converse(&self, mut stream: TcpStream, connection: usize) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut bytes = Vec::new();
        loop {
            let Some((head, body)) = read_request(&mut stream, &mut bytes).await? else {
                return Ok(());
            };
            self.heard.send_modify(|heard| {
                heard.push(Heard {
                    connection,
                    head,
                    body,
                });
            });
            let says = self.says.lock().unwrap().clone();
            for piece in says {
                stream.write_all(&piece).await?;
                stream.flush().await?;
            }
        }
    }
}

/// A request's head and body, the next of a connection; `None` at its end.
async fn read_request(
    stream: &mut TcpStream,
    bytes: &mut Vec<u8>,
) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let end = b"\r\n\r\n";
    let (head, length) = loop {
        let found = bytes.windows(end.len()).position(|window| window == end);
        if let Some(at) = found {
            let head = at + end.len();
            let length = length_in(&bytes[..head]);
            // Whatever else comes with a head without a length is a part of what was heard.
            if length > 0 || bytes.ends_with(end) {
                break (if length > 0 { head } else { bytes.len() }, length);
            }
        }
        if stream.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    };
    while bytes.len() < head + length {
        if stream.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    }
    // A character a byte: values may have bytes beyond ASCII (RFC 9110 §5.5).
    let text = bytes.drain(..head).map(char::from).collect();
    Ok(Some((text, bytes.drain(..length).collect())))
}

fn length_in(head: &[u8]) -> usize {
    let text = String::from_utf8_lossy(head);
    let length = |line: &str| line.strip_prefix("content-length: ")?.parse().ok();
    text.lines().find_map(length).unwrap_or_default()
}

/// The whole house with a socket for the pension fund, and Aziza, who is signed in.
struct Listening {
    house: House,
    raw: Arc<Raw>,
    aziza: Visitor,
    tasks: JoinSet<()>,
}

impl Listening {
    async fn open() -> Self {
        Self::open_with(|config| config).await
    }

    /// `change` may edit the config before anything reads it.
    async fn open_with(change: impl FnOnce(String) -> String) -> Self {
        let (raw, address, tasks) = Raw::open().await;
        let house = House::open_with(|config| {
            let config = with_upstream(&config, "pension-fund", &address.to_string());
            change(unhurried(&config))
        })
        .await;
        let aziza = house.grounds.signed_in("applicants", "aziza").await;
        Self {
            house,
            raw,
            aziza,
            tasks,
        }
    }
}

fn path() -> String {
    format!("/pension/records/{AZIZA}")
}

fn record() -> String {
    format!("{{\"pinfl\":\"{AZIZA}\",\"name\":\"Aziza Karimova\",\"monthly_income\":7341907}}")
}

/// A right answer with this body.
fn whole(body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

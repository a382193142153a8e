//! An e-service that is nothing but a socket: it hears the very bytes that arrive and says the very
//! bytes that a test wants said. Rows HS, FR and T of the attack cases that need the whole house.

mod alike;
mod heard;
mod logged;
mod question;
mod said;

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

    async fn converse(&self, mut stream: TcpStream, connection: usize) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut bytes = Vec::new();
        loop {
            while !bytes.ends_with(b"\r\n\r\n") {
                if stream.read_buf(&mut bytes).await? == 0 {
                    return Ok(());
                }
            }
            // A character a byte: values may have bytes beyond ASCII (RFC 9110 §5.5).
            let head: String = bytes.drain(..).map(char::from).collect();
            self.heard
                .send_modify(|heard| heard.push(Heard { connection, head }));
            let says = self.says.lock().unwrap().clone();
            for piece in says {
                stream.write_all(&piece).await?;
                stream.flush().await?;
            }
        }
    }
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
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let raw = Arc::new(Raw {
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

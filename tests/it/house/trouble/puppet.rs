//! An e-service's program that says the bytes it is told, whether or not they are HTTP.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What happens after the bytes were said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Then {
    #[default]
    Close,
    /// The connection stays open, and nothing comes any more.
    Silence,
}

#[derive(Debug, Default)]
struct Role {
    says: Vec<u8>,
    then: Then,
    asked: Vec<String>,
}

/// Gone with this value; then its address refuses connections.
pub(crate) struct Puppet {
    pub(crate) address: SocketAddr,
    role: Arc<Mutex<Role>>,
    stage: JoinSet<()>,
}

impl Puppet {
    pub(crate) async fn enter() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let role = Arc::new(Mutex::new(Role::default()));
        let mut stage = JoinSet::new();
        stage.spawn(play(listener, Arc::clone(&role)));
        Self {
            address,
            role,
            stage,
        }
    }

    pub(crate) fn says(&self, bytes: impl Into<Vec<u8>>, then: Then) {
        let mut role = self.role.lock().unwrap();
        role.says = bytes.into();
        role.then = then;
    }

    /// The heads of the requests that came since this was asked last.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.role.lock().unwrap().asked)
    }

    pub(crate) async fn leave(mut self) {
        self.stage.shutdown().await;
    }
}

async fn play(listener: TcpListener, role: Arc<Mutex<Role>>) {
    let mut scenes = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        scenes.spawn(answer(stream, Arc::clone(&role)));
    }
}

/// One request a connection.
async fn answer(mut stream: TcpStream, role: Arc<Mutex<Role>>) {
    let Some(head) = read(&mut stream).await else {
        return;
    };
    let (says, then) = {
        let mut role = role.lock().unwrap();
        role.asked.push(head);
        (role.says.clone(), role.then)
    };
    // The gateway may have turned away before it had heard all.
    let _heard = stream.write_all(&says).await;
    match then {
        Then::Close => drop(stream.shutdown().await),
        Then::Silence => std::future::pending().await,
    }
}

/// Reads a request with its body; gives back its head.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    let mut end = None;
    loop {
        if end.is_none() {
            let at = read.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            end = at.map(|at| at + 4 + length(&read[..at]));
        }
        if end.is_some_and(|end| read.len() >= end) {
            return Some(String::from_utf8_lossy(&read).into_owned());
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}

fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    head.lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |value| value.trim().parse().unwrap())
}

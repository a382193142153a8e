//! The same requests over HTTP/2.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use h2::client::SendRequest;
use http::{Request, StatusCode};
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::client;
use crate::cpu::cpu_seconds;
use crate::peers::Peer;
use crate::rows::{Found, found};

const CONNECTIONS: usize = 2;
/// Streams that ask at the same time on one connection.
const STREAMS: usize = 8;
const ROW: Duration = Duration::from_secs(4);

/// Asks over a few connections with several streams each.
pub(crate) async fn requests(
    peer: &Peer,
    tls: &Arc<ClientConfig>,
    path: &str,
    headers: &[(&str, &str)],
) -> Found {
    let mut drivers = JoinSet::new();
    let mut senders = Vec::new();
    for _ in 0..CONNECTIONS {
        senders.push(connect(peer.address, tls, &mut drivers).await);
    }
    let mut asked = Request::get(format!("https://localhost:{}{path}", peer.address.port()));
    for (name, value) in headers {
        asked = asked.header(*name, *value);
    }
    let asked = asked.body(()).unwrap();
    for sender in &senders {
        ask(sender.clone(), asked.clone()).await;
    }
    let (before, began) = (cpu_seconds(peer.id()), Instant::now());
    let mut streams = JoinSet::new();
    for sender in senders.iter().flat_map(|sender| vec![sender; STREAMS]) {
        let (sender, asked) = (sender.clone(), asked.clone());
        streams.spawn(async move {
            let mut done = 0_usize;
            while began.elapsed() < ROW {
                ask(sender.clone(), asked.clone()).await;
                done += 1;
            }
            done
        });
    }
    let done = streams.join_all().await.into_iter().sum();
    found(done, cpu_seconds(peer.id()) - before, began.elapsed())
}

async fn connect(
    address: SocketAddr,
    tls: &Arc<ClientConfig>,
    drivers: &mut JoinSet<()>,
) -> SendRequest<bytes::Bytes> {
    let tcp = TcpStream::connect(address).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    let connector = TlsConnector::from(Arc::clone(tls));
    let stream = connector.connect(client::name(), tcp).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    drivers.spawn(async move {
        let _closed = connection.await;
    });
    sender
}

async fn ask(sender: SendRequest<bytes::Bytes>, asked: Request<()>) {
    let mut sender = sender.ready().await.unwrap();
    let (answer, _) = sender.send_request(asked, true).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let mut body = answer.into_body();
    while let Some(data) = body.data().await {
        let count = data.unwrap().len();
        body.flow_control().release_capacity(count).unwrap();
    }
}

//! A cheap client: blocking sockets, one request at a time on each connection, no parsing beyond
//! where an answer ends.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::aws_lc_rs::{self, kx_group};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Longest that anything may take to answer.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);
const BUFFER_BYTES: usize = 128 * 1024;

/// By which group of key exchange to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    X25519,
    X25519MlKem768,
}

/// One kept-alive TLS connection.
pub(crate) struct Line {
    stream: StreamOwned<ClientConnection, TcpStream>,
    buffer: Vec<u8>,
}

/// A configuration that trusts one authority and speaks TLS 1.3 only. Nothing is resumed: a
/// connection is a full handshake.
pub(crate) fn tls(authority: &Path, group: Group, protocol: &[u8]) -> Arc<ClientConfig> {
    let mut provider = aws_lc_rs::default_provider();
    let group: &'static dyn SupportedKxGroup = match group {
        Group::X25519 => kx_group::X25519,
        Group::X25519MlKem768 => kx_group::X25519MLKEM768,
    };
    provider.kx_groups = vec![group];
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(authority).unwrap())
        .unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    config.alpn_protocols = vec![protocol.to_vec()];
    Arc::new(config)
}

pub(crate) fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

impl Line {
    /// Connects and shakes hands.
    pub(crate) fn to(address: SocketAddr, tls: &Arc<ClientConfig>) -> Self {
        Self::over(TcpStream::connect(address).unwrap(), tls).unwrap()
    }

    /// Shakes hands over a connection that is there; fails where the peer has no such group.
    pub(crate) fn over(tcp: TcpStream, tls: &Arc<ClientConfig>) -> std::io::Result<Self> {
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(ANSWER_WAIT_MAX))?;
        let connection = ClientConnection::new(Arc::clone(tls), name()).unwrap();
        let mut stream = StreamOwned::new(connection, tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self {
            stream,
            buffer: Vec::new(),
        })
    }

    /// Gives the buffer back: what an idle connection costs us is not to be measured.
    pub(crate) fn rest(&mut self) {
        self.buffer = Vec::new();
    }

    /// Sends a request and reads its answer to the end. The number of its bytes.
    pub(crate) fn ask(&mut self, request: &[u8]) -> usize {
        self.stream.write_all(request).unwrap();
        self.stream.flush().unwrap();
        self.buffer.resize(BUFFER_BYTES, 0);
        let mut filled = 0;
        let head_bytes = loop {
            filled += self.read(filled);
            let found = find(&self.buffer[..filled], b"\r\n\r\n");
            if let Some(at) = found {
                break at + 4;
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_bytes]).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        let length = head
            .split("content-length: ")
            .nth(1)
            .map(|rest| rest.split('\r').next().unwrap().parse::<usize>().unwrap());
        match length {
            Some(length) => self.read_to_length(filled, head_bytes + length),
            None => self.read_to_last_chunk(filled),
        }
    }

    fn read_to_length(&mut self, mut filled: usize, all: usize) -> usize {
        while filled < all {
            filled += self.read(0);
        }
        assert_eq!(filled, all, "an answer without a question");
        all
    }

    fn read_to_last_chunk(&mut self, filled: usize) -> usize {
        const END: &[u8] = b"\r\n0\r\n\r\n";
        let (mut all, mut kept) = (filled, filled);
        loop {
            if self.buffer[..kept].ends_with(END) {
                return all;
            }
            let tail = kept.min(END.len());
            self.buffer.copy_within(kept - tail..kept, 0);
            let count = self.read(tail);
            all += count;
            kept = tail + count;
        }
    }

    fn read(&mut self, at: usize) -> usize {
        let count = self.stream.read(&mut self.buffer[at..]).unwrap();
        assert_ne!(count, 0, "the peer closed");
        count
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

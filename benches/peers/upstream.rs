//! The upstream of all: a thread a connection, answers made once.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

pub(crate) const SMALL_BYTES: usize = 1024;
pub(crate) const LARGE_BYTES: usize = 1024 * 1024;
const CHUNK_BYTES: usize = 16 * 1024;

struct Answers {
    small: Vec<u8>,
    large: Vec<u8>,
    streamed: Vec<u8>,
}

/// Listens on a free port for as long as the process lives.
pub(crate) fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answers = Arc::new(Answers::make());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, answers) = (stream.unwrap(), Arc::clone(&answers));
            thread::spawn(move || serve(stream, &answers));
        }
    });
    address
}

/// Reads heads without bodies, answers by what the target says.
fn serve(mut stream: TcpStream, answers: &Answers) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = vec![0; 64 * 1024];
    let mut filled = 0;
    loop {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => return,
            Ok(count) => filled += count,
            Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return,
        }
        if !buffer[..filled].ends_with(b"\r\n\r\n") {
            continue;
        }
        let line_end = buffer[..filled].iter().position(|byte| *byte == b'\r');
        let line = &buffer[..line_end.unwrap()];
        let has = |word: &[u8]| line.windows(word.len()).any(|window| window == word);
        let answer = if has(b"?streamed") {
            &answers.streamed
        } else if has(b"services") {
            &answers.small
        } else {
            &answers.large
        };
        if stream.write_all(answer).is_err() {
            return;
        }
        filled = 0;
    }
}

impl Answers {
    fn make() -> Self {
        let mut small = b"{\"text\":\"".to_vec();
        small.resize(SMALL_BYTES - 2, b'a');
        small.extend_from_slice(b"\"}");
        let large = vec![b'b'; LARGE_BYTES];
        let mut streamed =
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
                .to_vec();
        for chunk in large.chunks(CHUNK_BYTES) {
            streamed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            streamed.extend_from_slice(chunk);
            streamed.extend_from_slice(b"\r\n");
        }
        streamed.extend_from_slice(b"0\r\n\r\n");
        Self {
            small: with_head("application/json", &small),
            large: with_head("text/html", &large),
            streamed,
        }
    }
}

fn with_head(media: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nContent-Length: {length}\r\n\r\n");
    let mut answer = head.into_bytes();
    answer.extend_from_slice(body);
    answer
}

//! What policy saw is what three readers find in the bytes that the e-service got, whatever a client
//! sent; otherwise the gateway said no.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use muhrdor::demo::Reply;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::{AZIZA, Heard, House, Listening, path};
use crate::fuzz::{Numbers, mutate};
use crate::house::trusting::trusting;

/// Requests that are made up. More, for an hour of it: `MUHRDOR_ALIKE_REQUESTS=1000000` when the
/// tests are built.
const REQUESTS: usize = 20_000;
/// In one connection, one after the other without waiting.
const PIPELINED_MAX: usize = 3;
const CLIENTS: usize = 8;

/// A request as one reader finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Read {
    method: String,
    target: String,
    /// Names in lower case, in the order of their names; each with its values in order.
    fields: BTreeMap<String, Vec<String>>,
}

impl Read {
    fn of<'a>(
        method: &str,
        target: &str,
        fields: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Self {
        let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in fields {
            let value = String::from_utf8_lossy(value).into_owned();
            named
                .entry(name.to_ascii_lowercase())
                .or_default()
                .push(value);
        }
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            fields: named,
        }
    }
}

/// The reader that most of the ecosystem stands on.
fn by_httparse(head: &str) -> Read {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut fields);
    let read = request.parse(head.as_bytes()).unwrap();
    assert_eq!(
        read,
        httparse::Status::Complete(head.len()),
        "one head: {head}"
    );
    let fields = request
        .headers
        .iter()
        .map(|field| (field.name, field.value));
    Read::of(request.method.unwrap(), request.path.unwrap(), fields)
}

/// A server that would serve it.
async fn by_hyper(head: &str) -> Read {
    let (mut client, server) = tokio::io::duplex(64 * 1024);
    client.write_all(head.as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    let (tell, mut told) = mpsc::unbounded_channel();
    let service = service_fn(move |request: Request<Incoming>| {
        let fields = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()));
        let target = request.uri().to_string();
        tell.send(Read::of(request.method().as_str(), &target, fields))
            .unwrap();
        async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(server), service);
    // It ends as the client has nothing more to say.
    drop(serving.await);
    let read = told.recv().await.unwrap();
    assert!(told.recv().await.is_none(), "one request: {head}");
    read
}

/// RFC 9112 §3 and §5 to the letter.
fn by_the_letter(head: &str) -> Read {
    let lines: Vec<&str> = head
        .strip_suffix("\r\n\r\n")
        .unwrap()
        .split("\r\n")
        .collect();
    let (line, fields) = lines.split_first().unwrap();
    let parts: Vec<&str> = line.split(' ').collect();
    let [method, target, "HTTP/1.1"] = parts[..] else {
        panic!("three parts: {line}");
    };
    let fields = fields.iter().map(|field| {
        let (name, value) = field.split_once(':').unwrap();
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        assert!(
            !name.is_empty() && name.bytes().all(is_token),
            "a name: {field}"
        );
        assert!(!value.contains(['\r', '\n', '\0']), "a value: {field}");
        (name, value.trim_matches([' ', '\t']).as_bytes())
    });
    Read::of(method, target, fields)
}

/// Set by clients and let through.
const OF_CLIENTS: [&str; 3] = ["accept", "accept-language", "content-type"];
const OF_THE_GATEWAY: [&str; 9] = [
    "accept-encoding",
    "forwarded",
    "host",
    "muhrdor-assertion",
    "muhrdor-request-id",
    "traceparent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// What policy decided about stands in the assertion, which is made of the permit alone.
async fn assert_alike(heard: &Heard, sub_of_aziza: &str) {
    let head = &heard.head;
    let read = by_the_letter(head);
    assert_eq!(read, by_httparse(head), "{head}");
    assert_eq!(read, by_hyper(head).await, "{head}");
    for (name, values) in &read.fields {
        let known = OF_CLIENTS.contains(&name.as_str()) || OF_THE_GATEWAY.contains(&name.as_str());
        assert!(known, "`{name}` came through: {head}");
        if OF_THE_GATEWAY.contains(&name.as_str()) {
            assert_eq!(values.len(), 1, "`{name}` stands once: {head}");
            assert!(!values[0].contains("forged"), "`{name}`: {head}");
        }
    }
    let one = |name: &str| read.fields[name][0].as_str();
    assert_eq!(one("host"), "localhost", "the authority: {head}");
    assert_eq!(one("x-forwarded-for"), "127.0.0.1", "{head}");
    let claims = heard.claims();
    assert_eq!(claims["aud"], "pension-fund", "{head}");
    let path = read.target.split('?').next().unwrap();
    assert_eq!(read.method, "GET", "{head}");
    match claims["operation"].as_str().unwrap() {
        "pension-fund.info.page" => assert_eq!(path, "/info", "{head}"),
        "pension-fund.record.read" => {
            // Only her own record is hers to read: the person that policy saw is this one.
            assert_eq!(path, format!("/records/{AZIZA}"), "{head}");
            assert_eq!(claims["sub"], sub_of_aziza, "{head}");
        }
        other => panic!("policy saw `{other}`: {head}"),
    }
    if claims["kind"] == "person" {
        assert_eq!(claims["sub"], sub_of_aziza, "{head}");
    }
}

/// What is sent: whole requests, and what has fooled readers, spliced in anywhere.
fn made_up(cookie: &str, numbers: &mut Numbers) -> Vec<u8> {
    let own = format!(
        "GET {} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n",
        path()
    );
    let plain = "GET /pension/info HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n".to_owned();
    let posed = format!(
        "GET /pension/info?a=b HTTP/1.1\r\nHost: localhost\r\nX-Real-IP: forged\r\nCookie: {cookie}\r\n\r\n"
    );
    let sent = "POST /pension/info HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nseal"
        .to_owned();
    let corpus = [own, plain, posed, sent];
    let corpus: Vec<&[u8]> = corpus.iter().map(String::as_bytes).collect();
    let count = 1 + numbers.below(PIPELINED_MAX);
    let mut bytes = Vec::new();
    for _ in 0..count {
        // Some are left whole, so that there is something to take for another's.
        let whole = numbers.below(3) == 0;
        let request = match whole {
            true => corpus[numbers.below(corpus.len())].to_vec(),
            false => mutate(&corpus, FRAGMENTS, numbers),
        };
        bytes.extend_from_slice(&request);
    }
    bytes
}

const FRAGMENTS: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b"\t",
    b":",
    b"/",
    b"..",
    b"//",
    b"%2e",
    b"%2f",
    b"%00",
    b"%70",
    b";",
    b"?",
    b"#",
    b"\\",
    b"@",
    b"forged",
    b"HEAD ",
    b"/../",
    b"/pension/records/",
    b"/pension/%69nfo",
    b"http://localhost/pension/info",
    b"http://evil/",
    b"Host: evil\r\n",
    b"Host: LOCALHOST.\r\n",
    b"Content-Length: 3\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close, muhrdor-assertion, x-forwarded-for, host\r\n",
    b"Muhrdor-Assertion: forged\r\n",
    b"Muhrdor_Assertion: forged\r\n",
    b"X-Forwarded-For: forged\r\n",
    b"Forwarded: for=forged\r\n",
    b"X-Original-URL: /forged\r\n",
    b"X-HTTP-Method-Override: DELETE\r\n",
    b"traceparent: forged\r\n",
    b"Upgrade: h2c\r\n",
    b"Expect: 100-continue\r\n",
    b"Accept: forged\r\n",
    b"GET /pension/info HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n",
    b" HTTP/1.0",
];

/// A browser's TLS, with tickets, so that each connection need not begin from nothing.
fn connector(house: &House) -> TlsConnector {
    let config = trusting(house.grounds.grounds.folder.authority()).with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// The statuses of all that was answered before the other side had enough.
async fn exchange(connector: &TlsConnector, port: u16, bytes: &[u8]) -> Vec<u16> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let last = b"GET /end HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    // Who is refused is not heard out.
    let _heard_out = stream.write_all(&[bytes, last].concat()).await;
    let _sent = stream.flush().await;
    let mut answer = Vec::new();
    let _ended =
        tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    let starts = answer
        .windows(13)
        .filter(|window| window.starts_with(b"HTTP/1.1 "));
    let status = |window: &[u8]| std::str::from_utf8(&window[9..12]).ok()?.parse().ok();
    starts.filter_map(status).collect()
}

/// The cookies that a browser has in the end, as it sends them.
fn kept(replies: &[Reply]) -> String {
    let mut jar = BTreeMap::new();
    for reply in replies {
        for cookie in reply.headers.get_all("set-cookie") {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match attributes.to_ascii_lowercase().contains("max-age=0") {
                true => drop(jar.remove(name)),
                false => drop(jar.insert(name.to_owned(), value.to_owned())),
            }
        }
    }
    let pairs: Vec<String> = jar
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("; ")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_policy_saw_is_what_three_readers_find_at_the_e_service_or_the_answer_is_no() {
    let short = |config: String| {
        format!(
            "{config}\n[timeouts]\nhead_ms_max = 500\nbody_idle_ms_max = 500\nkeep_alive_ms_max = 2000\n"
        )
    };
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open_with(short).await;
    assert_eq!(aziza.get(&path(), &[]).await.unwrap().status, 200);
    let sub = raw.heard().remove(0).claims()["sub"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut browser = house.grounds.visitor();
    let signed = browser
        .sign_in("applicants", "aziza", "aziza-demo")
        .await
        .unwrap();
    let cookie = Arc::new(kept(&signed.replies));
    let connector = connector(&house);
    let port = house.gateway.portal().port();
    let wanted: usize =
        option_env!("MUHRDOR_ALIKE_REQUESTS").map_or(REQUESTS, |n| n.parse().unwrap());
    let sent = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (cookie, connector, sent) = (Arc::clone(&cookie), connector.clone(), Arc::clone(&sent));
        clients.spawn(async move {
            let mut numbers = Numbers(0x616c_696b_6500_0001 + client as u64);
            let mut passed = 0;
            while sent.fetch_add(2, Ordering::Relaxed) < wanted {
                let bytes = made_up(&cookie, &mut numbers);
                let statuses = exchange(&connector, port, &bytes).await;
                for status in statuses {
                    let known = (400..500).contains(&status) || [200, 204, 502].contains(&status);
                    assert!(known, "{status} for b\"{}\"", bytes.escape_ascii());
                    passed += usize::from([200, 502].contains(&status));
                }
            }
            passed
        });
    }
    let mut passed = 0;
    while let Some(client) = clients.join_next().await {
        passed += client.unwrap();
    }
    let heard = raw.heard();
    house.close().await;
    for heard in &heard {
        assert_alike(heard, &sub).await;
    }
    assert!(
        passed <= heard.len(),
        "{passed} answers of an e-service that heard {}",
        heard.len()
    );
    assert!(
        heard.len() > wanted / 8,
        "only {} of {wanted} came through",
        heard.len()
    );
}

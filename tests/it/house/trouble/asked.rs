//! Request bodies that are too large, however they say so.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use muhrdor::domain::entry::Stage;
use muhrdor::domain::reason::Reason;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::puppet::{Puppet, Then};
use super::{AZIZA, House, TestGrounds, recorded, told, unhurried, with_upstream};

use crate::house::trusting::trusting;

/// `body_bytes_max` of applying for a paper.
const BODY_BYTES_MAX: usize = 65_536;

/// What the e-service says to whatever reaches it.
const ANSWER: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n\
content-length: 21\r\n\r\n{\"error\": \"bad-form\"}";

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_goes_nowhere() {
    let puppet = Puppet::enter().await;
    puppet.says(ANSWER, Then::Close);
    let house = House::open_with(|config| {
        let address = puppet.address.to_string();
        unhurried(&with_upstream(&config, "civil-registry", &address))
    })
    .await;
    let path = format!("/civil/records/{AZIZA}/applications");
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let cookie = session_cookie(&house.grounds, "aziza").await;

    let headers = [
        ("content-type", "application/json"),
        ("sec-fetch-site", "same-origin"),
    ];
    let large = Bytes::from(vec![b' '; BODY_BYTES_MAX + 1]);
    let reply = aziza.ask(Method::POST, &path, &headers, large).await;
    let reply = reply.unwrap();
    assert_eq!(told(&reply), (413, "body_too_large".to_owned()));
    let refused = Stage::Refused {
        reason: Reason::BodyTooLarge,
    };
    assert_eq!(recorded(&house.grounds, &reply), [Stage::Intent, refused]);

    let portal = &house.grounds.grounds.places.portal;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\nsec-fetch-site: same-origin\r\n\
         accept: application/json\r\ncontent-type: application/json\r\n",
        portal.trim_start_matches("https://")
    );
    for (what, rest) in [
        (
            "declared and never sent",
            "content-length: 9000000000\r\n\r\n".to_owned(),
        ),
        ("in chunks without end", chunked(5, "")),
        ("in chunks with an end", chunked(5, "0\r\n\r\n")),
    ] {
        let answer = raw(&house.grounds, &format!("{head}{rest}")).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{what}: {answer}");
        let code = "\"code\":\"body_too_large\"";
        assert!(answer.contains(code), "{what}: {answer}");
    }
    assert_eq!(puppet.asked(), Vec::<String>::new());

    // As much as is allowed goes through, in chunks too.
    let fits = format!("{head}{}", chunked(4, "0\r\n\r\n"));
    let answer = raw(&house.grounds, &fits).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let asked = puppet.asked();
    assert!(asked[0].contains(&format!("content-length: {BODY_BYTES_MAX}")));
    puppet.leave().await;
    house.close().await;
}

/// A body in chunks, each a quarter of what is allowed.
fn chunked(quarters: usize, end: &str) -> String {
    let chunk = "x".repeat(BODY_BYTES_MAX / 4);
    let chunk = format!("{:x}\r\n{chunk}\r\n", chunk.len());
    format!(
        "transfer-encoding: chunked\r\n\r\n{}{end}",
        chunk.repeat(quarters)
    )
}

/// The cookie of a session of an applicant's that has just begun.
pub(crate) async fn session_cookie(grounds: &TestGrounds, login: &str) -> String {
    let mut visitor = grounds.visitor();
    let password = format!("{login}-demo");
    let signed = visitor.sign_in("applicants", login, &password).await;
    let replies = signed.unwrap().replies;
    let mut cookies = replies
        .iter()
        .flat_map(|reply| reply.headers.get_all("set-cookie"))
        .map(|cookie| cookie.to_str().unwrap())
        .filter(|cookie| cookie.starts_with("__Host-muhrdor="));
    let cookie = cookies.next_back().unwrap().split(';').next().unwrap();
    cookie.to_owned()
}

/// Sends bytes and reads until the answer's JSON has ended.
async fn raw(grounds: &TestGrounds, request: &str) -> String {
    let (mut reader, mut writer) = tokio::io::split(connect(grounds).await);
    let request = request.to_owned();
    // The gateway may answer before it has read all, and need not read the rest.
    let sending = tokio::spawn(async move {
        drop(writer.write_all(request.as_bytes()).await);
        drop(writer.flush().await);
        writer
    });
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        let ended = text
            .split_once("\r\n\r\n")
            .is_some_and(|(_, body)| body.ends_with('}'));
        if ended || reader.read_buf(&mut answer).await.unwrap_or(0) == 0 {
            sending.abort();
            return text;
        }
    }
}

pub(crate) async fn connect(grounds: &TestGrounds) -> TlsStream<TcpStream> {
    connect_by(grounds, b"http/1.1").await
}

pub(crate) async fn connect_http2(grounds: &TestGrounds) -> TlsStream<TcpStream> {
    connect_by(grounds, b"h2").await
}

async fn connect_by(grounds: &TestGrounds, protocol: &[u8]) -> TlsStream<TcpStream> {
    let mut config = trusting(grounds.grounds.folder.authority()).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let config_file = grounds.grounds.config().unwrap();
    let tcp = TcpStream::connect(config_file.listen.public).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let tls = TlsConnector::from(Arc::new(config));
    tls.connect(name, tcp).await.unwrap()
}

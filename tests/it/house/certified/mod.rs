//! Who comes in with a client certificate, over the listener: systems, people, and those who are
//! turned away.

mod bound;
mod ends;
mod signing_in;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::bearer::issuer::{Issuer, Key};
use crate::certificates::authority::{Authority, Issued, day, serial, today};
use crate::house::trusting::trusting;

use super::streams::{Live, read_head};

const OPERATIONS: &str = r#"
[[operation]]
id = "live.read"
call = "GET /read"
who = ["person", "system"]
credentials = ["session", "bearer", "certificate"]
assertion_certificate = true
subject = "nobody"

[[operation.answer]]
status = 200
media = "text/plain"
mode = "public"

[[operation]]
id = "live.token"
call = "GET /token"
who = ["person", "system"]
credentials = ["bearer"]
subject = "nobody"

[[operation.answer]]
status = 200
media = "text/plain"
mode = "public"

[[operation]]
id = "live.write"
call = "POST /write"
who = ["person", "system"]
credentials = ["certificate"]
subject = "nobody"

[[operation.answer]]
status = 200
media = "text/plain"
mode = "public"

[[operation]]
id = "live.events"
call = "GET /events"
who = ["system"]
credentials = ["certificate", "bearer"]
subject = "nobody"
stream_idle_ms_max = 600000

[[operation.answer]]
status = 200
media = "text/event-stream"
mode = "public"
"#;

/// A house where clients may show a certificate, of an authority of the test's.
pub(super) struct Certified {
    pub(super) live: Live,
    pub(super) authority: Authority,
    pub(super) issuer: Issuer,
    pub(super) key: Key,
    home: TempDir,
}

impl Certified {
    async fn open() -> Self {
        let authority = Authority::new("clients");
        let key = Key::new("one");
        let issuer = Issuer::start(vec![key.jwk()]).await;
        let home = tempfile::tempdir().unwrap();
        let pem = muhrdor::keys::certificate_pem(&authority.certificate);
        fs::write(home.path().join("clients.pem"), pem).unwrap();
        fs::write(
            home.path().join("clients.crl"),
            authority.list(today(), &[]),
        )
        .unwrap();
        let at = home.path().to_owned();
        let origin = issuer.origin.clone();
        let change = move |config: String| changed(&config, &at, &origin);
        Self {
            live: Live::open_with(OPERATIONS, change).await,
            authority,
            issuer,
            key,
            home,
        }
    }

    /// A certificate of a client with this taxpayer's number.
    fn client(&self, number: &str, serial_number: u64) -> Issued {
        self.authority.issue("unused", |params| {
            serial(serial_number)(params);
            let number_at = rcgen::DnType::CustomDnType(vec![1, 2, 860, 3, 16, 1, 1]);
            params.distinguished_name.push(number_at, number);
            (params.not_before, params.not_after) = (day(today() - 1), day(today() + 2));
        })
    }

    /// The authority says from now on that these were revoked.
    fn revoke(&self, serials: &[u64]) {
        // Of the same day and later than the list before, for a day again.
        let list = self.authority.list_after(today(), serials);
        let (new, path) = (self.at("new"), self.at("clients.crl"));
        fs::write(&new, list).unwrap();
        fs::rename(new, path).unwrap();
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    async fn connect(&self, shown: Option<&Issued>) -> TlsStream<TcpStream> {
        let grounds = &self.live.house.grounds.grounds;
        let config = trusting(grounds.folder.authority());
        let config = match shown {
            None => config.with_no_client_auth(),
            Some(issued) => {
                let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
                let chain = vec![issued.certificate.clone()];
                config.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let stream = TcpStream::connect(grounds.config().unwrap().listen.public)
            .await
            .unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .unwrap()
    }

    /// One request on a connection of its own: status, and reason code where one was told.
    async fn ask(&self, shown: Option<&Issued>, line: &str, fields: &str) -> (u16, String) {
        let mut stream = self.connect(shown).await;
        told(&self.exchange(&mut stream, line, fields).await)
    }

    /// One request on this connection, and all of its answer.
    async fn exchange(
        &self,
        stream: &mut TlsStream<TcpStream>,
        line: &str,
        fields: &str,
    ) -> String {
        let host = self.live.host();
        let length = if line.starts_with("POST") {
            "content-length: 0\r\n"
        } else {
            ""
        };
        let request = format!("{line} HTTP/1.1\r\nhost: {host}\r\n{length}{fields}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = read_head(stream).await;
        let length = head.to_ascii_lowercase();
        let length = length.split_once("content-length: ").map(|(_, rest)| rest);
        let length = length.and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).await.unwrap();
        format!("{head}{}", String::from_utf8_lossy(&body))
    }

    /// An e-service that says `ok` to everything; the heads of what it was asked.
    fn serving(&self) -> Heard {
        let heard = Heard::default();
        let (shared, listener) = (heard.clone(), self.live.listener());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let head = read_head(&mut stream).await;
                shared.0.lock().unwrap().push(head);
                let answer = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\
                              content-length: 2\r\nconnection: close\r\n\r\nok";
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        heard
    }
}

/// What reached the e-service.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// The claims of the one assertion that came.
    fn claims(&self) -> Value {
        let heads = self.take();
        assert_eq!(heads.len(), 1, "{heads:?}");
        let lower = heads[0].to_ascii_lowercase();
        assert!(!lower.contains("client-cert"), "{lower}");
        let at = lower.find("muhrdor-assertion: ").unwrap() + "muhrdor-assertion: ".len();
        let assertion = heads[0][at..].split("\r\n").next().unwrap();
        let claims = assertion.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
    }
}

fn changed(config: &str, at: &Path, issuer: &str) -> String {
    let file = |name: &str| at.join(name).display().to_string();
    let authority = issuer.trim_start_matches("http://");
    let asks = format!("[tls]\nclient_authorities = \"{}\"\n", file("clients.pem"));
    let config = config.replacen("[tls]\n", &asks, 1).replacen(
        "allow = [",
        &format!("allow = [\"{authority}\", "),
        1,
    );
    let (clients, list) = (file("clients.pem"), file("clients.crl"));
    format!(
        r#"{config}
[certificates.clients]
kind = "system"
authorities = "{clients}"
number = "subject:1.2.860.3.16.1.1"
assurance = 3
crl = "hard"
crls = ["{list}"]
ocsp = "off"

[certificates.clients.systems.social-agency-system]
number = "300000001"
agency = "social-agency"

[certificates.clients.systems.demo-bank-system]
number = "300000002"
agency = "demo-bank"

[issuers.bound]
issuer = "{issuer}"
jwks = "{issuer}/jwks"
audience = "live"
algorithms = ["ES256"]
types = ["at+jwt"]

[issuers.bound.systems.social-agency-system]
agency = "social-agency"
"#
    )
}

fn told(answer: &str) -> (u16, String) {
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn answered() -> (u16, String) {
    refused(200, "")
}

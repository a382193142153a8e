//! A small HTTP/1 client: one request at a time, over connections it keeps.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use url::Url;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: Method,
    pub url: Url,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Ask {
    /// GET without headers.
    #[must_use]
    pub const fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// POST of a form.
    #[must_use]
    pub fn form(url: Url, fields: &[(&str, &str)]) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        Self {
            method: Method::POST,
            url,
            headers: Vec::new(),
            body: Bytes::from(form.finish()),
        }
        .with("content-type", "application/x-www-form-urlencoded")
    }

    /// With one header more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// What was answered, all of it.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// In how many pieces the body came.
    pub pieces: usize,
}

impl Reply {
    /// The header's first value, where it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON; `Null` where it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or(serde_json::Value::Null)
    }

    /// What stands in the JSON body under this RFC 6901 pointer; `Null` where nothing does.
    #[must_use]
    pub fn at(&self, pointer: &str) -> serde_json::Value {
        self.json()
            .pointer_mut(pointer)
            .map(serde_json::Value::take)
            .unwrap_or_default()
    }

    /// Everything that was received, head and body, as one text.
    #[must_use]
    pub fn received(&self) -> String {
        let mut all = format!("HTTP/1.1 {}\n", self.status);
        for (name, value) in &self.headers {
            for part in [
                name.as_str(),
                ": ",
                &String::from_utf8_lossy(value.as_bytes()),
                "\n",
            ] {
                all.push_str(part);
            }
        }
        all.push('\n');
        all.push_str(&String::from_utf8_lossy(&self.body));
        all
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("`{url}` cannot be asked: {cause}")]
    Unanswered { url: String, cause: String },
    #[error("`{url}` did not answer in time")]
    Timeout { url: String },
    #[error("`{file}` holds no certificate to trust: {cause}")]
    Authority { file: String, cause: String },
}

/// The client: what it trusts, and the connections it keeps.
pub struct Client {
    tls: Option<TlsConnector>,
    kept: HashMap<String, SendRequest<Full<Bytes>>>,
    drivers: JoinSet<()>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("kept", &self.kept.len())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client for plain HTTP only.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            tls: None,
            kept: HashMap::new(),
            drivers: JoinSet::new(),
        }
    }

    /// A client that believes the certificates of this authority (PEM) and no other.
    ///
    /// # Errors
    /// [`HttpError::Authority`] when the file cannot be read as such.
    pub fn trusting(authority: &Path) -> Result<Self, HttpError> {
        Self::showing(authority, None)
    }

    /// The same; where it is asked for a certificate it shows this one (PEM, and its key, PEM).
    ///
    /// # Errors
    /// As [`Client::trusting`].
    pub fn showing(authority: &Path, own: Option<(&Path, &Path)>) -> Result<Self, HttpError> {
        let no_authority = |cause: String| HttpError::Authority {
            file: authority.display().to_string(),
            cause,
        };
        let mut roots = RootCertStore::empty();
        let certificate =
            CertificateDer::from_pem_file(authority).map_err(|e| no_authority(e.to_string()))?;
        roots
            .add(certificate)
            .map_err(|e| no_authority(e.to_string()))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| no_authority(e.to_string()))?
            .with_root_certificates(roots);
        let config = match own {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let failed = |cause: pem::Error| no_authority(cause.to_string());
                let shown = CertificateDer::from_pem_file(certificate).map_err(failed)?;
                let key = PrivateKeyDer::from_pem_file(key).map_err(failed)?;
                let config = config.with_client_auth_cert(vec![shown], key);
                config.map_err(|e| no_authority(e.to_string()))?
            }
        };
        Ok(Self {
            tls: Some(TlsConnector::from(Arc::new(config))),
            ..Self::plain()
        })
    }

    /// Sends the request and reads the answer whole. A kept connection that the server has closed
    /// in the meantime is replaced once.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub async fn send(&mut self, ask: &Ask) -> Result<Reply, HttpError> {
        match tokio::time::timeout(ANSWER_WAIT_MAX, self.exchange(ask)).await {
            Ok(outcome) => outcome.map_err(|cause| HttpError::Unanswered {
                url: bare(&ask.url),
                cause,
            }),
            Err(_) => Err(HttpError::Timeout {
                url: bare(&ask.url),
            }),
        }
    }

    async fn exchange(&mut self, ask: &Ask) -> Result<Reply, String> {
        while self.drivers.try_join_next().is_some() {}
        let key = ask.url.origin().ascii_serialization();
        let mut sender = self.sender(&key, &ask.url).await?;
        let mut sent = sender.try_send_request(request(ask)?).await;
        if let Err(refused) = &mut sent
            && refused.take_message().is_some()
        {
            sender = self.connect(&ask.url).await?;
            sent = sender.try_send_request(request(ask)?).await;
        }
        let response = sent.map_err(|cause| cause.into_error().to_string())?;
        let (head, body) = response.into_parts();
        let (body, pieces) = collect(body).await?;
        self.kept.insert(key, sender);
        Ok(Reply {
            status: head.status,
            headers: head.headers,
            body,
            pieces,
        })
    }

    /// A kept connection that is still good, or a new one.
    async fn sender(&mut self, key: &str, url: &Url) -> Result<SendRequest<Full<Bytes>>, String> {
        if let Some(mut kept) = self.kept.remove(key)
            && kept.ready().await.is_ok()
        {
            return Ok(kept);
        }
        self.connect(url).await
    }

    async fn connect(&mut self, url: &Url) -> Result<SendRequest<Full<Bytes>>, String> {
        let host = url.host_str().ok_or("no host")?;
        let bare_host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port_or_known_default().ok_or("no port")?;
        // Names below `localhost` are this machine too (RFC 6761 §6.3), also where nobody resolves
        // them.
        let at = match bare_host.strip_suffix(".localhost") {
            Some(_) => "localhost",
            None => bare_host,
        };
        let tcp = TcpStream::connect((at, port))
            .await
            .map_err(|e| e.to_string())?;
        tcp.set_nodelay(true).map_err(|e| e.to_string())?;
        if url.scheme() == "http" {
            let (sender, driver) = handshake(TokioIo::new(tcp))
                .await
                .map_err(|e| e.to_string())?;
            self.drivers.spawn(async move { drop(driver.await) });
            return Ok(sender);
        }
        let tls = self.tls.as_ref().ok_or("no authority to trust")?;
        let name = ServerName::try_from(bare_host.to_owned()).map_err(|e| e.to_string())?;
        let stream = tls.connect(name, tcp).await.map_err(|e| e.to_string())?;
        let (sender, driver) = handshake(TokioIo::new(stream))
            .await
            .map_err(|e| e.to_string())?;
        self.drivers.spawn(async move { drop(driver.await) });
        Ok(sender)
    }
}

fn request(ask: &Ask) -> Result<Request<Full<Bytes>>, String> {
    let host = match (ask.url.host_str(), ask.url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => return Err("no host".to_owned()),
    };
    let target = match ask.url.query() {
        Some(query) => format!("{}?{query}", ask.url.path()),
        None => ask.url.path().to_owned(),
    };
    let mut builder = Request::builder()
        .method(ask.method.clone())
        .uri(target)
        .header(HOST, host);
    for (name, value) in &ask.headers {
        builder = builder.header(name, value);
    }
    if ask.method != Method::GET && ask.method != Method::HEAD {
        builder = builder.header(CONTENT_LENGTH, ask.body.len());
    }
    builder
        .body(Full::new(ask.body.clone()))
        .map_err(|e| e.to_string())
}

async fn collect(mut body: Incoming) -> Result<(Bytes, usize), String> {
    let mut whole = BytesMut::new();
    let mut pieces = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| e.to_string())?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        whole.extend_from_slice(data);
        pieces += 1;
        if whole.len() > REPLY_BYTES_MAX {
            return Err(format!("the answer is larger than {REPLY_BYTES_MAX} bytes"));
        }
    }
    Ok((whole.freeze(), pieces))
}

/// The address without its query, which may say about whom is asked.
fn bare(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.to_string()
}

const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);
const REPLY_BYTES_MAX: usize = 16 * 1024 * 1024;

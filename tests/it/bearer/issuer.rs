//! An issuer: its key set on a socket, its keys, and whatever it is made to sign.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) struct Script {
    pub(crate) set: Vec<Value>,
    pub(crate) down: bool,
    /// What was asked for.
    pub(crate) paths: Vec<String>,
}

pub(crate) struct Issuer {
    pub(crate) origin: String,
    script: Arc<Mutex<Script>>,
    task: JoinHandle<()>,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Issuer {
    pub(crate) async fn start(set: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let script = Script {
            set,
            down: false,
            paths: Vec::new(),
        };
        let script = Arc::new(Mutex::new(script));
        let shared = Arc::clone(&script);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let script = Arc::clone(&shared);
                let service = service_fn(move |request| {
                    let answer = answer(&script, &request);
                    async move { Ok::<_, Infallible>(answer) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        Self {
            origin,
            script,
            task,
        }
    }

    pub(super) fn tell<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.script.lock().unwrap())
    }

    /// How often the key set was fetched; nothing else was.
    pub(super) fn fetches(&self) -> usize {
        self.tell(|script| {
            assert!(
                script.paths.iter().all(|path| path == "/jwks"),
                "{:?}",
                script.paths
            );
            script.paths.len()
        })
    }
}

fn answer(script: &Mutex<Script>, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let mut script = script.lock().unwrap();
    script.paths.push(request.uri().path().to_owned());
    let status = if script.down { 500 } else { 200 };
    let body = json!({ "keys": script.set }).to_string();
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .unwrap()
}

/// A key of ES256.
pub(crate) struct Key {
    pub(crate) kid: &'static str,
    pair: EcdsaKeyPair,
}

impl Key {
    pub(crate) fn new(kid: &'static str) -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        Self { kid, pair }
    }

    /// The point, uncompressed.
    pub(super) fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    pub(crate) fn jwk(&self) -> Value {
        let part = |from, to| URL_SAFE_NO_PAD.encode(&self.public()[from..to]);
        json!({ "kty": "EC", "crv": "P-256", "x": part(1, 33), "y": part(33, 65), "kid": self.kid })
    }

    pub(super) fn sign(&self, message: &str) -> Vec<u8> {
        let signature = self
            .pair
            .sign(&SystemRandom::new(), message.as_bytes())
            .unwrap();
        signature.as_ref().to_vec()
    }
}

/// The compact JWS of these two texts, whatever they are.
pub(crate) fn signed(key: &Key, header: &str, payload: &str) -> String {
    let message = unsigned(header, payload);
    with_signature(&message, &key.sign(&message))
}

pub(super) fn unsigned(header: &str, payload: &str) -> String {
    let (header, payload) = (
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload),
    );
    format!("{header}.{payload}")
}

pub(super) fn with_signature(message: &str, signature: &[u8]) -> String {
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub(super) fn laid_over(mut under: Value, over: &Value) -> Value {
    let members = under.as_object_mut().unwrap();
    for (name, value) in over.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    under
}

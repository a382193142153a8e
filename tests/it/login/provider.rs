//! A provider that does as it is told, the wrong things too.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the provider does, and what it saw.
pub(super) struct Script {
    /// Laid over the discovery document; `null` takes a member away.
    pub(super) metadata: Value,
    /// Laid over the claims of ID tokens.
    pub(super) claims: Value,
    /// Laid over the header of ID tokens.
    pub(super) header: Value,
    /// Names of the keys in the set, each a key of its own.
    pub(super) set: Vec<Option<&'static str>>,
    /// Which of `set` signs; else a key that is in no set.
    pub(super) signs: Option<usize>,
    /// Instead of the token endpoint's answer.
    pub(super) token_answer: Option<(u16, &'static str, Vec<u8>)>,
    pub(super) stalls: bool,
    pub(super) down: bool,
    pub(super) nonce: String,
    pub(super) now: i64,
    pub(super) discoveries: u32,
    pub(super) jwks: u32,
    /// Forms the token endpoint got, each with its `Authorization`.
    pub(super) tokens: Vec<(String, String)>,
}

pub(super) struct Provider {
    pub(super) origin: String,
    script: Arc<Mutex<Script>>,
    task: JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Key {
    pair: EcdsaKeyPair,
    x: String,
    y: String,
}

impl Provider {
    pub(super) async fn start(now: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(Script {
            metadata: json!({}),
            claims: json!({}),
            header: json!({}),
            set: vec![Some("one")],
            signs: Some(0),
            token_answer: None,
            stalls: false,
            down: false,
            nonce: String::new(),
            now,
            discoveries: 0,
            jwks: 0,
            tokens: Vec::new(),
        }));
        let keys: Arc<Vec<Key>> = Arc::new((0..4).map(|_| key()).collect());
        let shared = Arc::clone(&script);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (script, keys) = (Arc::clone(&shared), Arc::clone(&keys));
                let service = service_fn(move |request| {
                    let (script, keys) = (Arc::clone(&script), Arc::clone(&keys));
                    async move { Ok::<_, Infallible>(answer(address, &script, &keys, request).await) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        Self {
            origin: format!("http://{address}"),
            script,
            task,
        }
    }

    pub(super) fn tell<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.script.lock().unwrap())
    }
}

fn key() -> Key {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref();
    let (x, y) = (
        URL_SAFE_NO_PAD.encode(&point[1..33]),
        URL_SAFE_NO_PAD.encode(&point[33..]),
    );
    Key { pair, x, y }
}

async fn answer(
    address: SocketAddr,
    script: &Mutex<Script>,
    keys: &[Key],
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    if script.lock().unwrap().stalls {
        std::future::pending::<()>().await;
    }
    let mut script = script.lock().unwrap();
    if script.down {
        return reply(500, "text/plain", b"down".to_vec());
    }
    let issuer = format!("http://{address}");
    match head.uri.path() {
        "/.well-known/openid-configuration" => {
            script.discoveries += 1;
            let document = json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/jwks"),
                "end_session_endpoint": format!("{issuer}/end"),
                "id_token_signing_alg_values_supported": ["ES256"],
                "authorization_response_iss_parameter_supported": true,
            });
            json_reply(&laid_over(document, &script.metadata))
        }
        "/jwks" => {
            script.jwks += 1;
            let jwk = |(place, kid): (usize, Option<&str>)| {
                let key = &keys[place];
                let jwk =
                    json!({ "kty": "EC", "crv": "P-256", "x": key.x, "y": key.y, "kid": kid });
                laid_over(
                    jwk,
                    &if kid.is_some() {
                        json!({})
                    } else {
                        json!({ "kid": null })
                    },
                )
            };
            let set: Vec<Value> = script.set.iter().copied().enumerate().map(jwk).collect();
            json_reply(&json!({ "keys": set }))
        }
        "/token" => {
            let by = head.headers.get(header::AUTHORIZATION);
            let by = by.map_or("", |by| by.to_str().unwrap()).to_owned();
            let form = String::from_utf8(body.to_vec()).unwrap();
            script.tokens.push((form, by));
            if let Some((status, media, body)) = script.token_answer.clone() {
                return reply(status, media, body);
            }
            let id_token = id_token(&issuer, &script, keys);
            json_reply(&json!({
                "access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": id_token,
            }))
        }
        _ => reply(404, "text/plain", Vec::new()),
    }
}

fn id_token(issuer: &str, script: &Script, keys: &[Key]) -> String {
    let claims = json!({
        "iss": issuer, "aud": "portal", "sub": "aziza", "nonce": script.nonce,
        "iat": script.now, "exp": script.now + 120, "auth_time": script.now - 5,
        "acr": "2", "pinfl": "31210932040247", "name": "Aziza Karimova",
    });
    let claims = laid_over(claims, &script.claims);
    let key = &keys[script.signs.unwrap_or(3)];
    let kid = script.signs.map_or(Some("none-such"), |place| {
        script.set.get(place).copied().unwrap_or(Some("next"))
    });
    let mut header = json!({ "alg": "ES256", "typ": "JWT" });
    if let Some(kid) = kid {
        header["kid"] = kid.into();
    }
    let header = laid_over(header, &script.header);
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let signature = key
        .pair
        .sign(&SystemRandom::new(), signed.as_bytes())
        .unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn laid_over(mut under: Value, over: &Value) -> Value {
    let members: &mut Map<String, Value> = under.as_object_mut().unwrap();
    for (name, value) in over.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    under
}

fn json_reply(value: &Value) -> Response<Full<Bytes>> {
    reply(200, "application/json", value.to_string().into_bytes())
}

fn reply(status: u16, media: &'static str, body: Vec<u8>) -> Response<Full<Bytes>> {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header(header::CONTENT_TYPE, media)
        .header(header::LOCATION, "http://169.254.169.254/latest")
        .body(Full::new(Bytes::from(body)))
        .unwrap()
}

/// What `Authorization: Basic` says for this id and secret, both already form-encoded.
pub(super) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

//! The sign-in server, driven as a client of it would.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use muhrdor::clock::{Clock, SystemClock};
use muhrdor::demo::{Ask, Client, Folder, Provider, PublicKey, Reply, verify};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use url::Url;

use crate::demo::{HandClock, folder, open};

const PORTAL: &str = "https://localhost:8443";
const CALLBACK: &str = "https://localhost:8443/oauth2/callback";
const VERIFIER: &str = "a-verifier-of-more-than-forty-three-characters-0";

/// A running provider and someone who talks to it.
struct Desk {
    origin: String,
    client: Client,
    clock: Arc<HandClock>,
    folder: Folder,
    _served: JoinSet<()>,
    _home: tempfile::TempDir,
}

impl Desk {
    async fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = folder(home.path());
        let clock = HandClock::new();
        let time = clock.clone();
        let make = |origin| Provider::new(origin, PORTAL, &folder, time).unwrap();
        let (origin, served) = open(make).await;
        Self {
            origin,
            client: Client::plain(),
            clock,
            folder,
            _served: served,
            _home: home,
        }
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.origin)).unwrap()
    }

    fn request() -> Vec<(&'static str, String)> {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
        vec![
            ("response_type", "code".into()),
            ("client_id", "muhrdor-portal".into()),
            ("redirect_uri", CALLBACK.into()),
            ("scope", "openid profile".into()),
            ("state", "a state & more".into()),
            ("nonce", "n-1".into()),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256".into()),
        ]
    }

    async fn authorize(&mut self, realm: &str, fields: &[(&str, String)]) -> Reply {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let ask = Ask::form(self.url(&format!("/{realm}/authorize")), &fields);
        self.client.send(&ask).await.unwrap()
    }

    /// Signs in and gives the parameters the browser is sent back with.
    async fn sign_in(&mut self, realm: &str, login: &str) -> Vec<(String, String)> {
        let mut fields = Self::request();
        fields.push(("login", login.into()));
        fields.push(("password", format!("{login}-demo")));
        sent_back(&self.authorize(realm, &fields).await)
    }

    async fn code(&mut self, realm: &str, login: &str) -> String {
        let back = self.sign_in(realm, login).await;
        back.iter()
            .find(|(name, _)| name == "code")
            .unwrap()
            .1
            .clone()
    }

    fn basic(&self, id: &str) -> String {
        let secret = self
            .folder
            .secret(&format!("{}.client", id.trim_start_matches("muhrdor-")))
            .unwrap();
        format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
    }

    async fn token(&mut self, realm: &str, client: &str, fields: &[(&str, &str)]) -> Reply {
        let ask = Ask::form(self.url(&format!("/{realm}/token")), fields)
            .with("authorization", &self.basic(client));
        self.client.send(&ask).await.unwrap()
    }

    async fn redeem(&mut self, realm: &str, code: &str, change: (&str, &str)) -> Reply {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        for field in &mut fields {
            if field.0 == change.0 {
                field.1 = change.1;
            }
        }
        self.token(realm, "muhrdor-portal", &fields).await
    }

    async fn claims(&mut self, realm: &str, typ: &str, token: &Value) -> Value {
        let set = Ask::get(self.url(&format!("/{realm}/jwks")));
        let keys = PublicKey::from_set(&self.client.send(&set).await.unwrap().json());
        verify(token.as_str().unwrap(), typ, &keys).unwrap()
    }
}

fn sent_back(reply: &Reply) -> Vec<(String, String)> {
    assert_eq!(reply.status, 303);
    let location = Url::parse(reply.header("location").unwrap()).unwrap();
    assert!(location.as_str().starts_with(CALLBACK));
    location.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn a_code_flow_with_pkce_ends_in_an_id_token_of_the_realm() {
    let mut desk = Desk::open().await;
    let metadata = Ask::get(desk.url("/officials/.well-known/openid-configuration"));
    let metadata = desk.client.send(&metadata).await.unwrap().json();
    assert_eq!(metadata["issuer"], format!("{}/officials", desk.origin));
    assert_eq!(
        metadata["code_challenge_methods_supported"],
        json!(["S256"])
    );

    let back = desk.sign_in("officials", "gulnora").await;
    assert!(back.contains(&("state".into(), "a state & more".into())));
    assert!(back.contains(&("iss".into(), format!("{}/officials", desk.origin))));
    let code = back
        .iter()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .clone();
    let tokens = desk.redeem("officials", &code, ("", "")).await.json();
    let claims = desk.claims("officials", "JWT", &tokens["id_token"]).await;
    assert_eq!(claims["sub"], "O-1001");
    assert_eq!(claims["agency"], "pension-fund");
    assert_eq!(claims["acr"], "2");
    assert_eq!(claims["nonce"], "n-1");
    assert_eq!(claims["aud"], "muhrdor-portal");
    assert_eq!(claims["auth_time"], 1_800_000_000);

    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let info = Ask::get(desk.url("/officials/userinfo")).with("authorization", &bearer);
    assert_eq!(
        desk.client.send(&info).await.unwrap().json()["name"],
        "Gulnora Yusupova"
    );
    let elsewhere = Ask::get(desk.url("/applicants/userinfo")).with("authorization", &bearer);
    assert_eq!(desk.client.send(&elsewhere).await.unwrap().status, 401);
}

#[tokio::test]
async fn a_code_is_good_once_in_time_and_only_with_its_verifier_address_and_realm() {
    let mut desk = Desk::open().await;
    for change in [
        (
            "code_verifier",
            "another-verifier-of-more-than-forty-three-chars",
        ),
        ("redirect_uri", "https://localhost:8443/oauth2/callback/"),
        ("code", "made-up"),
    ] {
        let code = desk.code("applicants", "aziza").await;
        let reply = desk.redeem("applicants", &code, change).await;
        assert_eq!(
            (reply.status.as_u16(), reply.json()),
            (400, json!({"error": "invalid_grant"}))
        );
    }
    let code = desk.code("applicants", "aziza").await;
    assert_eq!(desk.redeem("officials", &code, ("", "")).await.status, 400);

    let code = desk.code("applicants", "aziza").await;
    let tokens = desk.redeem("applicants", &code, ("", "")).await.json();
    assert_eq!(desk.redeem("applicants", &code, ("", "")).await.status, 400);
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let info = Ask::get(desk.url("/applicants/userinfo")).with("authorization", &bearer);
    assert_eq!(
        desk.client.send(&info).await.unwrap().status,
        401,
        "reuse takes the token back"
    );

    let code = desk.code("applicants", "aziza").await;
    desk.clock.advance_seconds(61);
    assert_eq!(desk.redeem("applicants", &code, ("", "")).await.status, 400);
}

#[tokio::test]
async fn a_wrong_password_or_realm_shows_the_form_again() {
    let mut desk = Desk::open().await;
    for (realm, login, password) in [
        ("applicants", "aziza", "wrong"),
        ("officials", "aziza", "aziza-demo"),
    ] {
        let mut fields = Desk::request();
        fields.extend([
            ("login", login.to_owned()),
            ("password", password.to_owned()),
        ]);
        let reply = desk.authorize(realm, &fields).await;
        let page = reply.received();
        assert_eq!(reply.status, 200);
        assert!(
            page.contains("role=\"alert\"") && page.contains("name=\"login\""),
            "{page}"
        );
        assert!(
            !page.contains("form-action"),
            "browsers apply it to the way back"
        );
        assert!(
            page.contains("a state &amp; more"),
            "the request is carried along, escaped"
        );
    }
}

#[tokio::test]
async fn a_request_without_pkce_goes_back_refused_and_one_to_elsewhere_goes_nowhere() {
    let mut desk = Desk::open().await;
    let with = |name: &str, value: &str| -> Vec<(&'static str, String)> {
        let change = |(n, v)| (n, if n == name { value.to_owned() } else { v });
        Desk::request().into_iter().map(change).collect()
    };
    let plain = with("code_challenge_method", "plain");
    let back = sent_back(&desk.authorize("applicants", &plain).await);
    assert!(back.contains(&("error".into(), "invalid_request".into())));
    let no_openid = with("scope", "profile");
    let back = sent_back(&desk.authorize("applicants", &no_openid).await);
    assert!(back.contains(&("error".into(), "invalid_scope".into())));

    for (name, value) in [
        ("redirect_uri", "https://localhost:8443/oauth2/callback?x"),
        ("client_id", "demo-bank-system"),
    ] {
        let elsewhere = with(name, value);
        let reply = desk.authorize("applicants", &elsewhere).await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("location")),
            (400, None)
        );
    }
    let mut twice = Desk::request();
    twice.push(("state", "another".into()));
    assert_eq!(desk.authorize("applicants", &twice).await.status, 400);
}

#[tokio::test]
async fn a_system_gets_a_token_for_the_portal_with_its_own_scopes_only() {
    let mut desk = Desk::open().await;
    let grant = ("grant_type", "client_credentials");
    let tokens = desk
        .token("officials", "social-agency-system", &[grant])
        .await
        .json();
    let claims = desk
        .claims("officials", "at+jwt", &tokens["access_token"])
        .await;
    assert_eq!(claims["aud"], PORTAL);
    assert_eq!(claims["client_id"], "social-agency-system");
    assert_eq!(claims["scope"], "pension.verify");
    assert_eq!(claims["agency"], "social-agency");

    let wide = [grant, ("scope", "pension.verify admin")];
    let reply = desk.token("officials", "social-agency-system", &wide).await;
    assert_eq!(reply.json(), json!({"error": "invalid_scope"}));
    let portal = desk.token("officials", "muhrdor-portal", &[grant]).await;
    assert_eq!(portal.json(), json!({"error": "unauthorized_client"}));
    let wrong = Ask::form(
        desk.url("/officials/token"),
        &[
            grant,
            ("client_id", "demo-bank-system"),
            ("client_secret", "guess"),
        ],
    );
    let reply = desk.client.send(&wrong).await.unwrap();
    assert_eq!(reply.status, 401);
    assert!(reply.header("www-authenticate").is_some());
}

#[tokio::test]
async fn what_it_says_reads_as_openid_connect_to_another_program() {
    use openidconnect::core::{
        CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreProviderMetadata,
    };
    use openidconnect::{ClientId, ClientSecret, Nonce};

    let mut desk = Desk::open().await;
    // The other program asks the machine for the time.
    desk.clock.set(SystemClock::new().now());
    let metadata = Ask::get(desk.url("/applicants/.well-known/openid-configuration"));
    let metadata = desk.client.send(&metadata).await.unwrap().body;
    let metadata: CoreProviderMetadata = serde_json::from_slice(&metadata).unwrap();
    let set = Ask::get(metadata.jwks_uri().url().clone());
    let set = desk.client.send(&set).await.unwrap().body;
    let set: CoreJsonWebKeySet = serde_json::from_slice(&set).unwrap();

    let code = desk.code("applicants", "aziza").await;
    let tokens = desk.redeem("applicants", &code, ("", "")).await.json();
    let token: CoreIdToken = tokens["id_token"].as_str().unwrap().parse().unwrap();
    let verifier = CoreIdTokenVerifier::new_confidential_client(
        ClientId::new("muhrdor-portal".into()),
        ClientSecret::new(desk.folder.secret("portal.client").unwrap()),
        metadata.issuer().clone(),
        set,
    )
    .set_allowed_algs(
        metadata
            .id_token_signing_alg_values_supported()
            .iter()
            .cloned(),
    );
    let claims = token.claims(&verifier, &Nonce::new("n-1".into())).unwrap();
    assert_eq!(claims.subject().as_str(), "aziza");
    let other = token.claims(&verifier, &Nonce::new("n-2".into()));
    assert!(other.is_err(), "the nonce is bound");
}

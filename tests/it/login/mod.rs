//! Signing in, over real sockets: the provider is at fault in every way, or the caller is.

mod callback;
#[cfg(feature = "demo")]
mod demo;
mod keysets;
mod provider;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};
use muhrdor::clock::HandClock;
use muhrdor::domain::name::RealmId;
use muhrdor::domain::principal::AcrRank;
use muhrdor::domain::reason::Reason;
use muhrdor::domain::time::Timestamp;
use muhrdor::egress::{Allowed, Egress, EgressSettings, Roots};
use muhrdor::identity::keysets::KeySets;
use muhrdor::identity::login::{Arrived, Failed, Login, LoginRooms, Redirect};
use muhrdor::identity::providers::{RealmClaims, RealmSettings, RefreshSettings};
use muhrdor::keys::{Pseudonym, Secret, Vault};
use muhrdor::wire::cookie::Cookies;
use muhrdor::wire::path::Target;
use ring::rand::SystemRandom;
use url::Url;
use zeroize::Zeroizing;

use provider::Provider;

const NOW: i64 = 1_800_000_000;
const REFRESH: RefreshSettings = RefreshSettings {
    refresh_ms_min: 10_000,
    fresh_ms_max: 60_000,
    age_ms_max: 600_000,
};

struct Rig {
    provider: Provider,
    clock: HandClock,
    keysets: Arc<KeySets>,
    login: Login,
}

/// A sign-in that has begun, as the browser holds it.
struct Begun {
    location: Url,
    cookies: Cookies,
    state: String,
}

impl Rig {
    async fn new() -> Self {
        let provider = Provider::start(NOW).await;
        let clock = HandClock::at(Timestamp::from_unix_seconds(NOW));
        let authority = provider.origin.strip_prefix("http://").unwrap();
        let settings = EgressSettings {
            allow: vec![Allowed::parse(authority).unwrap()],
            ms_max: 400,
            bytes_max: 64 * 1024,
            roots: Roots::none(),
        };
        let egress = Arc::new(Egress::new(settings, Arc::new(clock.clone())).unwrap());
        let realm = realm(&provider.origin);
        let keysets = KeySets::new(
            [realm.keys()],
            REFRESH,
            Arc::clone(&egress),
            Arc::new(clock.clone()),
        );
        let keysets = Arc::new(keysets);
        let random = SystemRandom::new();
        let rooms = LoginRooms {
            keysets: Arc::clone(&keysets),
            egress,
            vault: Arc::new(Vault::new(&Secret::generate(&random).unwrap(), &[])),
            pseudonym: Arc::new(Pseudonym::new(&Secret::generate(&random).unwrap())),
            random: Arc::new(random),
            clock: Arc::new(clock.clone()),
        };
        let realms = vec![realm, officials(&provider.origin)];
        let login = Login::new(realms, "https://portal.example".to_owned(), rooms);
        Self {
            provider,
            clock,
            keysets,
            login,
        }
    }

    async fn begin(&self) -> Begun {
        self.begin_with(&Cookies::default(), "/pension/record")
            .await
    }

    async fn begin_with(&self, cookies: &Cookies, way_back: &str) -> Begun {
        let started = self
            .login
            .start("applicants", Some(way_back), None, cookies);
        self.begun(started.await.unwrap())
    }

    fn begun(&self, redirect: Redirect) -> Begun {
        let query: BTreeMap<_, _> = redirect.location.query_pairs().into_owned().collect();
        self.provider
            .tell(|script| script.nonce.clone_from(&query["nonce"]));
        Begun {
            cookies: held(&redirect.set_cookies),
            state: query["state"].clone(),
            location: redirect.location,
        }
    }

    async fn arrive(&self, begun: &Begun) -> Result<Arrived, Failed> {
        let issuer = self.provider.origin.clone();
        let query = format!("code=c&state={}&iss={issuer}", begun.state);
        self.come_back(&query, &begun.cookies).await
    }

    async fn come_back(&self, query: &str, cookies: &Cookies) -> Result<Arrived, Failed> {
        let target = Target::parse(format!("/oauth2/callback?{query}").as_bytes()).unwrap();
        self.login.callback(&target, cookies).await
    }

    fn token_calls(&self) -> usize {
        self.provider.tell(|script| script.tokens.len())
    }
}

/// What a browser sends back after these `Set-Cookie`.
fn held(set_cookies: &[HeaderValue]) -> Cookies {
    let mut headers = HeaderMap::new();
    for set in set_cookies {
        let pair = set.to_str().unwrap().split(';').next().unwrap();
        headers.append(COOKIE, HeaderValue::from_str(pair).unwrap());
    }
    Cookies::read(&headers).unwrap()
}

fn reason(outcome: Result<Arrived, Failed>) -> Reason {
    outcome.unwrap_err().error.reason()
}

fn realm(issuer: &str) -> RealmSettings {
    let ranks = [("1", 1), ("2", 2)];
    let ranks = ranks.map(|(acr, rank)| (acr.to_owned(), AcrRank::new(rank).unwrap()));
    RealmSettings {
        id: RealmId::parse("applicants").unwrap(),
        issuer: issuer.to_owned(),
        client_id: "portal".to_owned(),
        client_secret: Zeroizing::new("a+b/c%d:e".to_owned()),
        claims: RealmClaims::Person {
            pinfl: "pinfl".to_owned(),
            name: "name".to_owned(),
        },
        acr: ranks.into_iter().collect(),
        scopes: vec!["profile".to_owned()],
        auth_age_seconds_max: 3_600,
    }
}

fn officials(issuer: &str) -> RealmSettings {
    let claims = ["sub", "agency", "name", "position", "pinfl"].map(str::to_owned);
    let [official, agency, name, position, pinfl] = claims;
    RealmSettings {
        id: RealmId::parse("officials").unwrap(),
        claims: RealmClaims::Official {
            official,
            agency,
            name,
            position,
            pinfl,
        },
        ..realm(issuer)
    }
}

//! Bearer tokens, over real sockets to an issuer of our own.

mod authorization;
mod claims;
mod forged;
mod header;
pub(crate) mod issuer;
mod remembered;

use std::sync::Arc;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use jsonwebtoken::Algorithm;
use muhrdor::clock::HandClock;
use muhrdor::domain::name::{AgencyId, RoleId, Scope, SystemId};
use muhrdor::domain::principal::{AcrRank, Principal, SystemPrincipal};
use muhrdor::domain::reason::Reason;
use muhrdor::domain::time::Timestamp;
use muhrdor::egress::{Allowed, Egress, EgressSettings, Roots};
use muhrdor::identity::bearer::{
    Bearer, BearerError, BearerIssuer, BearerSettings, SystemSettings, Token,
};
use muhrdor::identity::keysets::{IssuerKeys, KeySets};
use muhrdor::identity::providers::RefreshSettings;
use serde_json::{Value, json};

use issuer::{Issuer, Key, laid_over, signed};

const NOW: i64 = 1_800_000_000;
const SKEW: i64 = 30;
const TOKEN_BYTES_MAX: usize = 4_096;
const REFRESH: RefreshSettings = RefreshSettings {
    refresh_ms_min: 10_000,
    fresh_ms_max: 60_000,
    age_ms_max: 600_000,
};

struct Rig {
    issuer: Issuer,
    key: Key,
    clock: HandClock,
    bearer: Bearer,
}

impl Rig {
    async fn new() -> Self {
        Self::remembering(64).await
    }

    async fn remembering(tokens_cached_max: usize) -> Self {
        let key = Key::new("one");
        let issuer = Issuer::start(vec![key.jwk()]).await;
        let clock = HandClock::at(Timestamp::from_unix_seconds(NOW));
        let settings = EgressSettings {
            allow: vec![Allowed::parse(issuer.origin.strip_prefix("http://").unwrap()).unwrap()],
            ms_max: 2_000,
            bytes_max: 64 * 1024,
            roots: Roots::none(),
        };
        let egress = Arc::new(Egress::new(settings, Arc::new(clock.clone())).unwrap());
        let keys = IssuerKeys {
            issuer: issuer.origin.clone(),
            jwks: Some(format!("{}/jwks", issuer.origin)),
        };
        let keysets = KeySets::new([keys], REFRESH, egress, Arc::new(clock.clone()));
        let settings = BearerSettings {
            issuers: vec![bearer_issuer(&issuer.origin)],
            clock_skew_seconds_max: u32::try_from(SKEW).unwrap(),
            token_bytes_max: TOKEN_BYTES_MAX,
            token_seconds_max: 3_600,
            tokens_cached_max,
        };
        let bearer = Bearer::new(settings, Arc::new(keysets), Arc::new(clock.clone()));
        Self {
            issuer,
            key,
            clock,
            bearer,
        }
    }

    fn header(&self) -> Value {
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": self.key.kid })
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.issuer.origin, "aud": "exchange", "sub": "tax-system",
            "client_id": "tax-system", "iat": NOW - 5, "exp": NOW + 300, "jti": "1",
            "scope": "pension.read",
        })
    }

    /// A good token with this laid over its header and claims; `null` takes a member away.
    fn token(&self, header: &Value, claims: &Value) -> String {
        let header = laid_over(self.header(), header);
        let claims = laid_over(self.claims(), claims);
        signed(&self.key, &header.to_string(), &claims.to_string())
    }

    fn good(&self) -> String {
        self.token(&json!({}), &json!({}))
    }

    async fn ask(&self, token: &str) -> Result<Arc<SystemPrincipal>, BearerError> {
        let token = Token::of(&authorization(&format!("Bearer {token}")), TOKEN_BYTES_MAX)?;
        match self.bearer.principal(&token.unwrap()).await? {
            Principal::System(system) => Ok(system),
            other => panic!("{other:?}"),
        }
    }

    /// Refused as a token that is not valid here, saying nothing of what the token says.
    async fn refuses(&self, token: &str) -> BearerError {
        let error = self.ask(token).await.unwrap_err();
        assert_eq!(error.reason(), Reason::InvalidToken, "{error}");
        let told = format!("{error} {error:?} {:?}", self.bearer);
        for secret in token.split('.').filter(|segment| segment.len() > 8) {
            assert!(!told.contains(secret));
        }
        error
    }

    async fn refuses_claims(&self, claims: Value) -> BearerError {
        self.refuses(&self.token(&json!({}), &claims)).await
    }

    async fn refuses_header(&self, header: Value) -> BearerError {
        self.refuses(&self.token(&header, &json!({}))).await
    }

    async fn takes_claims(&self, claims: Value) -> Arc<SystemPrincipal> {
        self.ask(&self.token(&json!({}), &claims)).await.unwrap()
    }
}

fn bearer_issuer(issuer: &str) -> BearerIssuer {
    let system = |id: &str, scopes: &[&str]| SystemSettings {
        id: SystemId::parse(id).unwrap(),
        agency: AgencyId::parse("tax-committee").unwrap(),
        roles: vec![RoleId::parse("exchange").unwrap()],
        scopes: scopes
            .iter()
            .map(|scope| Scope::parse(scope).unwrap())
            .collect(),
        assurance: AcrRank::new(2).unwrap(),
    };
    BearerIssuer {
        issuer: issuer.to_owned(),
        audience: "exchange".to_owned(),
        algorithms: vec![
            Algorithm::ES256,
            Algorithm::RS256,
            Algorithm::EdDSA,
            // No setting makes a public key a shared secret.
            Algorithm::HS256,
        ],
        types: vec!["at+jwt".to_owned()],
        systems: vec![
            system("tax-system", &["pension.read", "pension.write"]),
            system("other-system", &["civil.read"]),
        ],
    }
}

fn authorization(credentials: &str) -> HeaderMap {
    let value = HeaderValue::from_str(credentials).unwrap();
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

fn scopes(system: &SystemPrincipal) -> Vec<&str> {
    system.scopes.iter().map(Scope::as_str).collect()
}

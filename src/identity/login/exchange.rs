//! The code for an ID token, at the provider's token endpoint.

use std::pin::Pin;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use openidconnect::core::{CoreClient, CoreErrorResponseType, CoreIdToken, CoreJsonWebKeySet};
use openidconnect::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, HttpRequest,
    HttpResponse, IssuerUrl, PkceCodeVerifier, RedirectUrl, RequestTokenError, TokenResponse,
    TokenUrl,
};

use crate::egress::{Egress, EgressError};
use crate::identity::login::{LoginError, missing};
use crate::identity::providers::{Metadata, RealmSettings};

/// What is exchanged.
pub(super) struct Exchange<'a> {
    pub(super) realm: &'a RealmSettings,
    pub(super) metadata: &'a Metadata,
    pub(super) callback: RedirectUrl,
    pub(super) code: String,
    pub(super) verifier: String,
}

/// The library's client over ours.
struct Courier<'e>(&'e Egress);

/// Why the token endpoint gave nothing to read.
#[derive(Debug, thiserror::Error)]
enum CourierError {
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error("status {0}")]
    Status(u16),
    #[error("an answer that is not JSON")]
    Media,
}

impl<'c> AsyncHttpClient<'c> for Courier<'_> {
    type Error = CourierError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CourierError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.send(request.map(Bytes::from)).await?;
            // 400 and 401 carry the reason in JSON (RFC 6749 §5.2); all else is no answer.
            let status = answer.status().as_u16();
            if !matches!(status, 200 | 400 | 401) {
                return Err(CourierError::Status(status));
            }
            let media = answer.headers().get(CONTENT_TYPE);
            let json = media.is_some_and(|media| {
                let essence = media.as_bytes().split(|byte| *byte == b';').next();
                essence.is_some_and(|e| e.trim_ascii().eq_ignore_ascii_case(b"application/json"))
            });
            if !json {
                return Err(CourierError::Media);
            }
            Ok(answer.map(|body| body.to_vec()))
        })
    }
}

impl Exchange<'_> {
    /// Gives the code and the PKCE verifier (RFC 7636 §4.5) for an ID token that is not verified.
    pub(super) async fn id_token(self, egress: &Egress) -> Result<CoreIdToken, LoginError> {
        let realm = self.realm;
        let token = self.metadata.token_endpoint.clone();
        let token = token.and_then(|url| TokenUrl::new(url).ok());
        let token = token.ok_or_else(|| missing(realm, "token_endpoint"))?;
        let issuer = IssuerUrl::new(realm.issuer.clone()).map_err(|_| missing(realm, "issuer"))?;
        let client_id = ClientId::new(realm.client_id.clone());
        let client = CoreClient::new(client_id, issuer, CoreJsonWebKeySet::default())
            .set_client_secret(ClientSecret::new(realm.client_secret.to_string()))
            .set_auth_type(auth_type(self.metadata))
            .set_token_uri(token)
            .set_redirect_uri(self.callback);
        let answer = client
            .exchange_code(AuthorizationCode::new(self.code))
            .set_pkce_verifier(PkceCodeVerifier::new(self.verifier))
            .request_async(&Courier(egress))
            .await;
        let answer = answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(said) => match said.error() {
                CoreErrorResponseType::InvalidGrant => LoginError::Code,
                other => LoginError::TokenEndpoint(format!("`{other}`")),
            },
            RequestTokenError::Request(error) => LoginError::TokenEndpoint(error.to_string()),
            // The path says which member is wrong; the answer itself is a secret.
            RequestTokenError::Parse(error, _) => {
                LoginError::IdToken(format!("`{}` does not read", error.path()))
            }
            RequestTokenError::Other(_) => LoginError::TokenEndpoint("an odd answer".to_owned()),
        })?;
        let id_token = answer.id_token();
        id_token
            .cloned()
            .ok_or_else(|| LoginError::IdToken("there is none".to_owned()))
    }
}

/// How we say who we are: in the header, unless the provider takes the form only.
fn auth_type(metadata: &Metadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported.as_deref();
    let takes = |method: &str| methods.is_some_and(|all| all.iter().any(|one| one == method));
    if takes("client_secret_post") && !takes("client_secret_basic") {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    }
}

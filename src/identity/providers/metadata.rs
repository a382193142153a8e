//! What a provider says of itself (`OpenID` Connect Discovery 1.0 §3), and how JSON is fetched.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::egress::{Egress, EgressError};

/// The part of a discovery document that is used here.
#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    pub issuer: String,
    pub jwks_uri: String,
    #[serde(default)]
    pub authorization_endpoint: Option<String>,
    #[serde(default)]
    pub token_endpoint: Option<String>,
    #[serde(default)]
    pub end_session_endpoint: Option<String>,
    #[serde(default)]
    pub id_token_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// RFC 9207 §3.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// Why a provider gave nothing that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    #[error("the provider `{issuer}` cannot be asked")]
    Unreachable {
        issuer: String,
        #[source]
        source: Arc<EgressError>,
    },
    #[error("the provider `{issuer}` answered with status {status}")]
    Status { issuer: String, status: u16 },
    #[error("the provider `{issuer}` answered with JSON that does not read: {what}")]
    Form { issuer: String, what: String },
    #[error("the provider at `{issuer}` says that it is another: `{said}`")]
    Issuer { issuer: String, said: String },
    #[error("the provider `{issuer}` failed a moment ago and is not asked again yet")]
    CoolingDown { issuer: String },
    #[error("the provider `{issuer}` does not say where its `{what}` is")]
    Missing { issuer: String, what: &'static str },
}

/// Fetches the provider's discovery document; the issuer it names must be the one asked, byte for
/// byte (Discovery §4.3).
pub(in crate::identity) async fn discover(
    egress: &Egress,
    issuer: &str,
) -> Result<Metadata, ProviderError> {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    let url = format!("{base}/.well-known/openid-configuration");
    let metadata: Metadata = json(egress, issuer, &url).await?;
    if metadata.issuer != issuer {
        return Err(ProviderError::Issuer {
            issuer: issuer.to_owned(),
            said: metadata.issuer,
        });
    }
    Ok(metadata)
}

/// Fetches a JSON document of the provider. A redirect is a wrong status.
pub(in crate::identity) async fn json<T: DeserializeOwned>(
    egress: &Egress,
    issuer: &str,
    url: &str,
) -> Result<T, ProviderError> {
    let form = |what: String| ProviderError::Form {
        issuer: issuer.to_owned(),
        what,
    };
    let request = Request::builder()
        .method(Method::GET)
        .uri(url)
        .header(ACCEPT, "application/json")
        .body(Bytes::new())
        .map_err(|_| form("a URL in it is not one".to_owned()))?;
    let answer = egress
        .send(request)
        .await
        .map_err(|source| ProviderError::Unreachable {
            issuer: issuer.to_owned(),
            source: Arc::new(source),
        })?;
    if answer.status() != StatusCode::OK {
        return Err(ProviderError::Status {
            issuer: issuer.to_owned(),
            status: answer.status().as_u16(),
        });
    }
    let media = answer.headers().get(CONTENT_TYPE);
    if !media.is_some_and(is_json) {
        return Err(form("its media type is another".to_owned()));
    }
    serde_json::from_slice(answer.body()).map_err(|cause| form(cause.to_string()))
}

/// `application/json`, `application/jwk-set+json` and their like, with any parameters.
fn is_json(media: &HeaderValue) -> bool {
    let text = media.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

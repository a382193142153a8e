//! What a verifier believes: one file for keys of logs, authorities, witnesses and verdicts.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

use crate::cms::{Certificate, Oid};
use crate::keys::{Algorithm, PublicKey, certificate_of_pem};
use crate::tlog::Verifier;

/// What is believed, and nothing else is.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The portal's origin: who issues verdicts and status lists.
    pub portal: String,
    pub logs: Vec<Verifier>,
    /// Authorities of seals and time-stamps.
    pub anchors: Vec<Certificate>,
    pub proof_name: Option<Oid>,
    /// Keys of verdicts and status lists.
    pub keys: Vec<PublicKey>,
}

/// Why the file is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    #[error("it is not JSON of a trust file: {0}")]
    Json(String),
    #[error("it is of version {0}, and this program reads version 1")]
    Version(u32),
    #[error("`{member}` in it does not read: {cause}")]
    Member { member: &'static str, cause: String },
    #[error("it asks for {0} witnesses, which this program cannot check yet")]
    Witnesses(u32),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    portal: String,
    logs: Vec<String>,
    #[serde(default)]
    anchors: Vec<String>,
    proof_oid: Option<String>,
    #[serde(default)]
    witnesses: Witnesses,
    #[serde(default)]
    keys: Keys,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Witnesses {
    quorum: u32,
    keys: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Keys {
    keys: Vec<Value>,
}

impl Trust {
    /// Reads the file.
    ///
    /// # Errors
    /// See [`TrustError`]; a member that is not known is one.
    pub fn parse(json: &[u8]) -> Result<Self, TrustError> {
        let written: Written =
            serde_json::from_slice(json).map_err(|cause| TrustError::Json(cause.to_string()))?;
        if written.version != VERSION {
            return Err(TrustError::Version(written.version));
        }
        if written.witnesses.quorum > 0 || !written.witnesses.keys.is_empty() {
            return Err(TrustError::Witnesses(written.witnesses.quorum));
        }
        let logs = written.logs.iter().map(|log| Verifier::parse(log));
        let anchors = written.anchors.iter().map(|pem| {
            let der = certificate_of_pem(pem).ok_or("it is no certificate in PEM")?;
            Certificate::parse(&der).map_err(|cause| cause.to_string())
        });
        let keys = written.keys.keys.iter().map(|jwk| {
            PublicKey::from_jwk(jwk)
                .filter(|key| key.algorithm() == Algorithm::Es256)
                .ok_or("it is no ES256 key")
        });
        Ok(Self {
            portal: written.portal,
            logs: all("logs", logs)?,
            anchors: all::<_, String>("anchors", anchors)?,
            proof_name: written
                .proof_oid
                .map(|oid| Oid::parse(&oid))
                .transpose()
                .map_err(|cause| member("proof_oid", &cause))?,
            keys: all("keys", keys)?,
        })
    }

    /// The log of documents, by the last part of its name.
    pub(super) fn documents(&self) -> Option<&Verifier> {
        self.logs
            .iter()
            .find(|log| log.name().as_str().ends_with("/documents"))
    }
}

impl FromStr for Trust {
    type Err = TrustError;

    fn from_str(json: &str) -> Result<Self, TrustError> {
        Self::parse(json.as_bytes())
    }
}

fn all<T, E: fmt::Display>(
    name: &'static str,
    each: impl Iterator<Item = Result<T, E>>,
) -> Result<Vec<T>, TrustError> {
    each.collect::<Result<_, _>>()
        .map_err(|cause| member(name, &cause))
}

fn member(member: &'static str, cause: &impl fmt::Display) -> TrustError {
    TrustError::Member {
        member,
        cause: cause.to_string(),
    }
}

const VERSION: u32 = 1;

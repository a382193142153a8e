//! A client of the portal: a browser without a screen, or a system with a token.

use std::collections::HashMap;
use std::path::Path;

use bytes::Bytes;
use http::{Method, StatusCode};
use url::Url;

use crate::demo::error::DemoError;
use crate::demo::folder::{Folder, SystemCertificate};
use crate::demo::http::{Ask, Client, HttpError, Reply};
use crate::demo::walk::form::Form;

/// Someone who visits, with the cookies they were given.
#[derive(Debug)]
pub struct Visitor {
    client: Client,
    portal: Url,
    /// By origin, then by name.
    cookies: HashMap<String, HashMap<String, String>>,
    bearer: Option<String>,
}

/// How a sign-in went.
#[derive(Debug)]
pub struct SignedIn {
    /// Where the browser came to rest.
    pub last: Reply,
    /// Every answer of the portal on the way.
    pub replies: Vec<Reply>,
}

impl Visitor {
    /// Someone who trusts this authority (PEM) and has been nowhere yet.
    ///
    /// # Errors
    /// When the file holds no authority, or the portal's origin is none.
    pub fn new(authority: &Path, portal: &str) -> Result<Self, DemoError> {
        let client = Client::trusting(authority)?;
        let portal = parsed(portal)?;
        Ok(Self {
            client,
            portal,
            cookies: HashMap::new(),
            bearer: None,
        })
    }

    /// A body's system that shows a certificate, at the host for systems.
    ///
    /// # Errors
    /// As [`Visitor::new`].
    pub fn certified(
        folder: &Folder,
        host: &str,
        which: SystemCertificate,
    ) -> Result<Self, DemoError> {
        let (certificate, key) = folder.system(which);
        let own = Some((certificate.as_path(), key.as_path()));
        Ok(Self {
            client: Client::showing(&folder.authority(), own)?,
            portal: parsed(host)?,
            cookies: HashMap::new(),
            bearer: None,
        })
    }

    /// The same with a bearer token.
    #[must_use]
    pub fn with_bearer(mut self, token: &str) -> Self {
        self.bearer = Some(token.to_owned());
        self
    }

    /// GET of a path of the portal; for JSON where no `accept` is among the headers.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Result<Reply, DemoError> {
        self.ask(Method::GET, path, headers, Bytes::new()).await
    }

    /// A request for a path of the portal; for JSON where no `accept` is among the headers.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn ask(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Reply, DemoError> {
        let url = self.portal.join(path).map_err(|_| unanswered(path))?;
        let mut ask = Ask {
            method,
            body,
            ..Ask::get(url)
        };
        if !headers.iter().any(|(name, _)| *name == "accept") {
            ask = ask.with("accept", "application/json");
        }
        for (name, value) in headers {
            ask = ask.with(name, value);
        }
        self.send(ask).await
    }

    /// Signs in through a realm, following every redirect and filling the form.
    ///
    /// # Errors
    /// When there is no answer on the way, or no end of it.
    pub async fn sign_in(
        &mut self,
        realm: &str,
        login: &str,
        password: &str,
    ) -> Result<SignedIn, DemoError> {
        let start = format!("/oauth2/start?realm={realm}&rd=%2Fservices");
        let mut url = self.portal.join(&start).map_err(|_| unanswered(&start))?;
        let mut ask = browse(url.clone());
        let mut replies = Vec::new();
        for _ in 0..HOPS_MAX {
            let reply = self.send(ask).await?;
            if url.origin() == self.portal.origin() {
                replies.push(reply.clone());
            }
            if let Some(location) = reply.header("location") {
                url = url.join(location).map_err(|_| unanswered(location))?;
                ask = browse(url.clone());
                continue;
            }
            let page = String::from_utf8_lossy(&reply.body);
            let form = Form::find(&page).filter(|_| reply.status == StatusCode::OK);
            let Some(form) = form else {
                return Ok(SignedIn {
                    last: reply,
                    replies,
                });
            };
            url = url
                .join(&form.action)
                .map_err(|_| unanswered(&form.action))?;
            ask = Ask::form(
                url.clone(),
                &form.filled(&[("login", login), ("password", password)]),
            );
        }
        Err(unanswered("more redirects than a browser follows").into())
    }

    /// Sends with the cookies of the origin, and keeps those that come back.
    async fn send(&mut self, mut ask: Ask) -> Result<Reply, DemoError> {
        let origin = ask.url.origin().ascii_serialization();
        let jar = self.cookies.entry(origin).or_default();
        if !jar.is_empty() {
            let pairs: Vec<String> = jar.iter().map(|(n, v)| format!("{n}={v}")).collect();
            ask = ask.with("cookie", &pairs.join("; "));
        }
        if let Some(token) = &self.bearer {
            ask = ask.with("authorization", &format!("Bearer {token}"));
        }
        let reply = self.client.send(&ask).await?;
        for line in reply.headers.get_all("set-cookie") {
            let Ok(line) = line.to_str() else { continue };
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            if attributes.to_ascii_lowercase().contains("max-age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(reply)
    }
}

/// The request's number, as the gateway told it.
pub(super) fn request_id(reply: &Reply) -> String {
    let told = reply
        .json()
        .get("request_id")
        .and_then(|id| id.as_str())
        .map(str::to_owned);
    told.or_else(|| reply.header("muhrdor-request-id").map(str::to_owned))
        .unwrap_or_default()
}

/// An address that was put together from parts.
pub(in crate::demo) fn parsed(address: &str) -> Result<Url, HttpError> {
    Url::parse(address).map_err(|_| unanswered(address))
}

fn browse(url: Url) -> Ask {
    Ask::get(url)
        .with("accept", "text/html")
        .with("sec-fetch-mode", "navigate")
}

fn unanswered(address: &str) -> HttpError {
    let cause = "it is no address".to_owned();
    HttpError::Unanswered {
        url: address.to_owned(),
        cause,
    }
}

const HOPS_MAX: usize = 12;

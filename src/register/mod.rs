//! Which operation is this?
//!
//! In: the files of `policies/services`, then host, method and target of each request. Out: a
//! [`Route`], or a refusal. Invariants: a register either holds in all its parts or is not built,
//! and then every problem is told with its file and line; a request has at most one operation, and
//! no file's place or order decides which; who matches and who forwards read the same bytes.
//! Deliberately absent: who the caller is and what they may do.
//!
//! A file describes one e-service:
//!
//! ```toml
//! id = "pension-fund"
//! kind = "interactive"                     # or "information"
//! agency = "pension-fund"                  # a body of the vocabulary
//! regulation = { number = "570", term_days = 10 }
//! hosts = ["portal.example"]               # whole names, each written out
//! prefix = "/pension"
//! upstream = "pension-fund"                # its addresses stand in the deployment's config
//! upstream_prefix = "/v1"                  # replaces the prefix; left out: it is just taken away
//! names = { uz = "…", uzc = "…", ru = "…", en = "Pension Fund" }
//!
//! [[operation]]
//! id = "pension-fund.record.read"
//! call = "GET /records/{pinfl}"
//! who = ["official"]                       # anonymous, person, official, system
//! assurance = 2
//! certificate = true                       # only with a client certificate in the TLS handshake
//! subject = "path:pinfl"                   # whose data: nobody, self, path:…, query:…, answer, document:…
//! purposes = [{ who = "official", purpose = "pension.assess", roles = ["pension-inspector"] }]
//!
//! [[operation.answer]]                     # what may come back; anything else does not pass
//! status = 200
//! mode = "fields"                          # or "public", "whole"
//! subjects = { "" = "/pinfl" }             # whose data each subtree is
//! fields."/pinfl" = "identifier"
//! fields."/monthly_income" = "income"      # what is not listed is absent
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::domain::name::{AgencyId, DataClass, DocumentKind, PurposeId, RoleId};
use crate::domain::operation::Operation;
use crate::domain::problem::Problem;
use crate::domain::service::Service;
use crate::domain::text::Texts;
use crate::wire::path::Target;

mod collision;
mod description;
mod index;
mod preflight;
mod source;
mod template;

pub use index::{Route, RouteError};
pub use preflight::Preflight;
pub use source::{FILE_BYTES_MAX, Files};

use index::Index;

/// The register of e-services, whole and without contradiction.
#[derive(Debug)]
pub struct Register {
    services: Vec<Arc<Service>>,
    operations: Vec<Arc<Operation>>,
    index: Index,
}

/// Names of the vocabulary that a description may use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownNames {
    pub purposes: BTreeSet<PurposeId>,
    pub classes: BTreeSet<DataClass>,
    pub roles: BTreeSet<RoleId>,
    pub documents: BTreeSet<DocumentKind>,
    /// The bodies, and what they are called.
    pub agencies: BTreeMap<AgencyId, Texts>,
}

impl Register {
    /// Reads every `*.toml` of a folder.
    ///
    /// # Errors
    /// Every problem of every file, ordered by file and line.
    pub fn load(dir: &Path, known: &KnownNames) -> Result<Self, Vec<Problem>> {
        Self::read(&Files::of_dir(dir)?, known)
    }

    /// Reads files already in memory: the very bytes that a bundle's id was computed over.
    ///
    /// # Errors
    /// As [`Register::load`].
    pub fn read(files: &Files, known: &KnownNames) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut described = Vec::new();
        for (path, bytes) in files.iter() {
            let (service, found) = description::read(path, bytes, known);
            problems.extend(found);
            described.extend(service);
        }
        if files.is_empty() {
            problems.push(files.nothing_found());
        }
        problems.extend(collision::find(&described));
        if !problems.is_empty() {
            problems.sort();
            return Err(problems);
        }
        let services: Vec<_> = described.iter().map(|d| Arc::clone(&d.service)).collect();
        let index = Index::build(&described);
        let of_service = |d: description::Described| d.operations.into_iter().map(|o| o.operation);
        let operations = described.into_iter().flat_map(of_service).collect();
        Ok(Self {
            services,
            operations,
            index,
        })
    }

    /// The operation of a request, and where it goes upstream. `host` is lower case, without port
    /// and trailing dot.
    ///
    /// # Errors
    /// [`RouteError`]; nothing that was sent is in it.
    pub fn route(
        &self,
        host: &str,
        method: &http::Method,
        target: &Target,
    ) -> Result<Route, RouteError> {
        self.index.route(host, method, target)
    }

    /// The answer to a CORS preflight (Fetch §3.2.2) from a script of `origin`, where the e-service
    /// under this host and prefix lets that origin call it. It is the same for every path of the
    /// e-service: it does not tell which operations exist.
    #[must_use]
    pub fn preflight(&self, host: &str, target: &Target, origin: &str) -> Option<Preflight> {
        Preflight::grant(self.index.service(host, target)?, origin)
    }

    /// All e-services, in the order of their files.
    pub fn services(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.services.iter()
    }

    /// All operations, in the order they are written.
    pub fn operations(&self) -> impl Iterator<Item = &Arc<Operation>> {
        self.operations.iter()
    }
}

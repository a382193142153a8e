//! The second half: the proof of what may leave. Made here and nowhere else.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::domain::data::{Facet, Form};
use crate::domain::decision::{FacetDecision, Obligations};
use crate::domain::entry::{Disclosed, VisitId};
use crate::domain::fact::Facts;
use crate::domain::name::RuleId;
use crate::domain::principal::PrincipalKind;
use crate::policy::Permit;
use crate::redaction::error::RedactionError;
use crate::redaction::fields::{Masks, Redacted, nothing};
use crate::redaction::inspect::{Content, Inspected, Passing};
use crate::redaction::{Redaction, head};
use crate::wire::body::Body;
use crate::wire::tunnel::duplex::Duplex;

/// What was withheld, told to persons and officials.
pub const WITHHELD: HeaderName = HeaderName::from_static("muhrdor-withheld");

/// What may leave of one visit's answer. Nothing leaves without one.
#[must_use = "a disclosure is to be recorded and delivered"]
pub struct Disclosure {
    visit: VisitId,
    mode: DisclosureMode,
    status: u16,
    headers: HeaderMap,
    content: Outgoing,
    disclosed: Vec<Disclosed>,
    obligations: Obligations,
    rules: Vec<RuleId>,
    digest: Option<String>,
    withheld: Option<String>,
    completeness: Completeness,
}

enum Outgoing {
    Bytes(Bytes),
    Stream(Body),
    Tunnel(Duplex),
}

/// How an answer was treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisclosureMode {
    /// About nobody.
    Public,
    /// Opaque, all of it clear.
    Whole,
    /// Decided field by field.
    Fields,
}

/// Whether all rules could be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    Sound,
    /// One could not, so something is absent; someone must look at it.
    Degraded,
}

impl Redaction {
    /// What of an inspected answer may leave under the permit. `facts` adds what was learnt of the
    /// persons found in it.
    ///
    /// # Errors
    /// [`RedactionError::NothingToDisclose`] or [`RedactionError::RuleFault`] if nothing may, or
    /// not all of what cannot be cut; [`RedactionError::LeakStopped`] if an identifier was about to
    /// leave from where there must be none.
    pub fn disclose(
        &self,
        permit: &Permit,
        inspected: Inspected,
        facts: &Facts,
    ) -> Result<Disclosure, RedactionError> {
        let Inspected {
            visit,
            status,
            headers,
            content,
            ..
        } = inspected;
        if visit != permit.visit() {
            return Err(RedactionError::RuleFault);
        }
        let blank = Disclosure {
            visit,
            mode: DisclosureMode::Public,
            status,
            headers,
            content: Outgoing::Bytes(Bytes::new()),
            disclosed: Vec::new(),
            obligations: Obligations::default(),
            rules: Vec::new(),
            digest: None,
            withheld: None,
            completeness: Completeness::Sound,
        };
        match content {
            Content::Public(passing) => {
                let content = match passing {
                    Passing::Streamed(body) => Outgoing::Stream(body),
                    Passing::Collected(bytes) => Outgoing::Bytes(bytes),
                };
                let obligations = permit.obligations().clone();
                Ok(Disclosure {
                    content,
                    obligations,
                    ..blank
                })
            }
            Content::Tunnel(tunnel) => Ok(Disclosure {
                content: Outgoing::Tunnel(tunnel),
                obligations: permit.obligations().clone(),
                ..blank
            }),
            Content::Whole { body, facets } => whole(permit, blank, body, &facets, facts),
            Content::Fields(reading) => {
                let decisions = permit.decide(&reading.facets(), facts);
                let pseudonym = |class: &_, value: &str| {
                    let recipient = permit.principal().agency()?;
                    Some(self.pseudonym.masked(recipient, class, value))
                };
                let bhm_soum = self.settings.bhm_soum;
                let masks = Masks {
                    pseudonym: &pseudonym,
                    bhm_soum,
                };
                let redacted = reading.redact(&decisions, &masks)?;
                self.collected(permit, blank, redacted)
            }
            Content::Question {
                reading,
                question,
                threshold,
                facet,
            } => {
                let decisions = permit.decide(&[facet], facts);
                let redacted = reading.verify(&question, threshold, &decisions)?;
                self.collected(permit, blank, redacted)
            }
        }
    }

    fn collected(
        &self,
        permit: &Permit,
        blank: Disclosure,
        redacted: Redacted,
    ) -> Result<Disclosure, RedactionError> {
        let mut headers = blank.headers;
        let withheld = match permit.principal().kind() {
            PrincipalKind::Person | PrincipalKind::Official => head::withheld(&redacted.withheld),
            PrincipalKind::Anonymous | PrincipalKind::System => None,
        };
        if let Some(text) = &withheld {
            let value = HeaderValue::try_from(text.as_str());
            headers.insert(WITHHELD, value.map_err(|_| RedactionError::RuleFault)?);
        }
        Ok(Disclosure {
            mode: DisclosureMode::Fields,
            headers,
            digest: Some(self.pseudonym.delivered(&redacted.bytes).to_string()),
            content: Outgoing::Bytes(redacted.bytes),
            disclosed: redacted.disclosed,
            obligations: permit.obligations_of(&redacted.decisions),
            rules: rules(&redacted.decisions),
            withheld,
            completeness: completeness(redacted.degraded),
            ..blank
        })
    }
}

/// All of it, or nothing.
fn whole(
    permit: &Permit,
    blank: Disclosure,
    body: Body,
    facets: &[Facet],
    facts: &Facts,
) -> Result<Disclosure, RedactionError> {
    let decisions = permit.decide(facets, facts);
    let clear = |(facet, decision): (&Facet, &FacetDecision)| {
        decision.facet == *facet && decision.form == Form::Clear
    };
    let all = decisions.len() == facets.len() && facets.iter().zip(&decisions).all(clear);
    if facets.is_empty() || !all {
        return Err(nothing(decisions.iter().any(|decision| decision.degraded)));
    }
    let disclosed = decisions.iter().map(|decision| Disclosed {
        subject: decision.facet.subject.id,
        class: decision.facet.class.clone(),
        form: decision.form,
    });
    Ok(Disclosure {
        mode: DisclosureMode::Whole,
        content: Outgoing::Stream(body),
        disclosed: disclosed.collect(),
        obligations: permit.obligations_of(&decisions),
        rules: rules(&decisions),
        ..blank
    })
}

fn rules(decisions: &[FacetDecision]) -> Vec<RuleId> {
    let mut rules: Vec<_> = decisions
        .iter()
        .flat_map(|d| d.rules.iter().cloned())
        .collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

const fn completeness(degraded: bool) -> Completeness {
    if degraded {
        Completeness::Degraded
    } else {
        Completeness::Sound
    }
}

impl Disclosure {
    #[must_use]
    pub const fn visit(&self) -> VisitId {
        self.visit
    }

    #[must_use]
    pub const fn mode(&self) -> DisclosureMode {
        self.mode
    }

    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// What leaves of whom in which form, and what was withheld of the same persons.
    #[must_use]
    pub fn disclosed(&self) -> &[Disclosed] {
        &self.disclosed
    }

    /// The duties of all rules by which something leaves.
    #[must_use]
    pub const fn obligations(&self) -> &Obligations {
        &self.obligations
    }

    /// Rules by which something leaves.
    #[must_use]
    pub fn rules(&self) -> &[RuleId] {
        &self.rules
    }

    /// The keyed digest of the bytes, in hexadecimal, where they were collected.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// The value of [`WITHHELD`], where the reader is told.
    #[must_use]
    pub fn withheld(&self) -> Option<&str> {
        self.withheld.as_deref()
    }

    #[must_use]
    pub const fn completeness(&self) -> Completeness {
        self.completeness
    }

    /// The bytes where they were collected: what a page is made of.
    #[must_use]
    pub fn json(&self) -> Option<&[u8]> {
        match &self.content {
            Outgoing::Bytes(bytes) => Some(bytes),
            Outgoing::Stream(_) | Outgoing::Tunnel(_) => None,
        }
    }

    /// Status, headers, body and tunnel, for the one who builds the reply.
    pub(crate) fn into_parts(self) -> (u16, HeaderMap, Body, Option<Duplex>) {
        let (body, tunnel) = match self.content {
            Outgoing::Bytes(bytes) => (Body::full(bytes), None),
            Outgoing::Stream(body) => (body, None),
            Outgoing::Tunnel(tunnel) => (Body::empty(), Some(tunnel)),
        };
        (self.status, self.headers, body, tunnel)
    }
}

impl fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disclosure")
            .field("visit", &self.visit)
            .field("mode", &self.mode)
            .field("status", &self.status)
            .field("withheld", &self.withheld)
            .finish_non_exhaustive()
    }
}

//! What the locks leave open: the rooms' own verbs, in the order of the walk.

use std::sync::Arc;

use muhrdor::domain::document::Issuance;
use muhrdor::domain::entry::JournalEntry;
use muhrdor::domain::fact::Facts;
use muhrdor::journal::{Journal, Opened, Recorded};
use muhrdor::notary::{DocumentNames, Named, Notary, NotaryError, Sealed, Shown};
use muhrdor::policy::{Ask, Denial, Permit, Policy, RevocableDocument};
use muhrdor::redaction::{Disclosure, Redaction};
use muhrdor::register::Route;
use muhrdor::upstream::{Onward, Pools, Upstream, UpstreamError};
use muhrdor::wire::answer::Answer;

pub fn decide(policy: &Arc<Policy>, route: &Route, ask: Ask<'_>) -> Result<Permit, Denial> {
    let ask = Ask {
        operation: Arc::clone(route.operation()),
        ..ask
    };
    policy.decide(ask)
}

pub async fn forward(
    upstream: &Upstream,
    permit: &Permit,
    opened: &Opened,
    onward: Onward,
    pools: &Pools,
) -> Result<Answer, UpstreamError> {
    upstream.forward(permit, opened, onward, pools).await
}

pub async fn disclose(
    redaction: &Redaction,
    permit: &Permit,
    answer: Answer,
    facts: &Facts,
) -> Option<Disclosure> {
    let inspected = redaction.inspect(permit, answer).await.ok()?;
    redaction.disclose(permit, inspected, facts).ok()
}

pub async fn record(journal: &Journal, outcome: JournalEntry) -> Option<Recorded> {
    journal.record(outcome).await.ok()
}

pub async fn seal(
    notary: &Arc<Notary>,
    permit: &Permit,
    issuance: Issuance,
    names: DocumentNames,
) -> Option<Result<Sealed, NotaryError>> {
    let permit = permit.issuing(issuance).ok()?;
    Some(notary.seal(permit, names, Default::default()).await)
}

pub async fn revoke(
    notary: &Notary,
    permit: &Permit,
    document: &RevocableDocument,
    named: Named,
) -> Option<Result<Shown, NotaryError>> {
    let permit = permit.revoking(document).ok()?;
    Some(notary.revoke(permit, named).await)
}

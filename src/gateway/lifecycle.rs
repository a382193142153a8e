//! The walk: one function that reads like the way of a request.

use std::pin::pin;
use std::sync::{Arc, PoisonError};

use http::{Method, Response};
use tokio::sync::oneshot;

use crate::domain::peer::AddressBlock;
use crate::domain::reason::Reason;
use crate::domain::service::Backend;
use crate::gateway::access;
use crate::gateway::refusal::Refusal;
use crate::gateway::reply::Reply;
use crate::gateway::visit::Visit;
use crate::gateway::{Gateway, Snapshot};
use crate::journal::{JournalError, Opened, Recorded};
use crate::limits::PrincipalKey;
use crate::policy::Permit;
use crate::redaction::{Completeness, Disclosure, DisclosureMode};
use crate::telemetry;
use crate::wire::arrival::Arrival;
use crate::wire::body::Body;
use crate::wire::pages::wish::Wish;
use crate::wire::pages::{Frame, Page, RefusalView};

impl Gateway {
    /// Answers one request. A read ends with its client; a write, once begun, is walked to its end
    /// whether or not the client still waits.
    pub async fn serve(self: Arc<Self>, arrival: Arrival) -> Response<Body> {
        if arrival.method == Method::OPTIONS {
            return self.preflight(&arrival);
        }
        // What goes on as a WebSocket may write, whatever its method.
        if arrival.method.is_safe() && arrival.upgrade.is_none() {
            return self.finish(arrival).await;
        }
        let visit = arrival.visit;
        let (answer, answered) = oneshot::channel();
        let this = Arc::clone(&self);
        {
            let mut writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
            while writes.try_join_next().is_some() {}
            writes.spawn(async move {
                // A client that went away does not wait for its answer; the journal has it.
                let _gone = answer.send(this.finish(arrival).await);
            });
        }
        answered.await.unwrap_or_else(|_| {
            Reply::unavailable(visit, &JournalError::Stopped).into_response(&Method::POST)
        })
    }

    /// The outer shell: whatever happens inside, there is a reply, and it is counted.
    async fn finish(&self, arrival: Arrival) -> Response<Body> {
        let wish = Wish::of(&arrival);
        let block = AddressBlock::of(arrival.peer.address);
        let mut visit = Visit::new(&arrival, &self.rooms.clock);
        let (reply, reason) = match self.proceed(arrival, &mut visit, &wish).await {
            Ok(reply) => (reply.counted(visit.allowances(), None), None),
            Err(refusal) => {
                let reply = self.refuse(&refusal, &visit, &wish, block).await;
                let reply = reply.counted(visit.allowances(), refusal.exceeded());
                (reply, Some(refusal.reason()))
            }
        };
        let mut response = reply.into_response(&wish.method);
        response.extensions_mut().insert(visit.found(reason));
        response
    }

    /// The walk. Each line needs what the line before proved.
    async fn proceed(
        &self,
        arrival: Arrival,
        visit: &mut Visit,
        wish: &Wish,
    ) -> Result<Reply, Refusal> {
        let rooms = &self.rooms;
        let house = self.snapshot.load_full();
        let route = house
            .register
            .route(&arrival.host, &arrival.method, &arrival.target)?;
        visit.routed(route.operation());
        let caller = rooms.identity.identify(&arrival, route.operation()).await?;
        visit.counted(caller.allowance());
        visit.identified(caller.principal(), caller.known_by(), &rooms.pseudonym);
        visit.works_on(caller.held());
        let counted = PrincipalKey::of(caller.principal(), AddressBlock::of(arrival.peer.address));
        let allowance = rooms
            .limits
            .check(counted.clone(), &route.operation().id)
            .await?;
        visit.counted(allowance);
        let presented = self.presented(&route, &arrival).await?;
        let subject = access::subject(
            &route,
            &arrival.target,
            caller.principal(),
            &rooms.pseudonym,
            presented.as_ref(),
        )?;
        visit.asked(caller.claim(), subject.as_ref());
        let claim = access::claim(&route, &caller);
        let who = caller.principal();
        let facts = visit
            .while_facts(pin!(rooms.facts.gather(who, &claim, subject.as_ref())))
            .await?
            .presenting(presented);
        let ask = access::ask(&route, &caller, subject, &facts, &arrival);
        let permit = house
            .policy
            .decide(ask)
            .map_err(|no| visit.denied(no, house.policy.id()))?;
        visit.permitted(&permit);
        rooms.redaction.question(&permit)?;
        let lasting = self.lasting(&arrival, &permit, &caller, counted)?;
        let opened = rooms
            .journal
            .open(visit.id(), &permit.operation().effect, || visit.intent())
            .await?;
        let origin = access::origin(&arrival, &permit);
        let onward = access::onward(arrival, &route)?;
        // Apart: it is the largest part of what is kept for a request.
        let forwarding = rooms
            .upstream
            .forward(&permit, &opened, onward, &house.pools);
        let answer = visit.while_upstream(Box::pin(forwarding).as_mut()).await?;
        let answer = self.issue(&house, &permit, answer, visit).await?;
        let inspected = visit
            .while_upstream(pin!(rooms.redaction.inspect(&permit, answer)))
            .await?;
        let facts = visit
            .while_facts(pin!(rooms.facts.about(facts, inspected.subjects())))
            .await?;
        let disclosure = rooms.redaction.disclose(&permit, inspected, &facts)?;
        visit.disclosed(&disclosure);
        self.watch(&disclosure);
        let page = self.page(&permit, &disclosure, visit, wish);
        let recorded = self.record(visit, &opened, &disclosure).await?;
        Ok(Reply::disclose(disclosure, recorded, page, origin)?.lasting(lasting))
    }

    /// What is about nobody needs no entry, unless it ends what was written down as begun; all else
    /// is durable before it leaves.
    async fn record(
        &self,
        visit: &Visit,
        opened: &Opened,
        disclosure: &Disclosure,
    ) -> Result<Recorded, Refusal> {
        match (disclosure.mode(), opened.intent()) {
            (DisclosureMode::Public, None) => Ok(Recorded::exempt(visit.id())),
            (DisclosureMode::Public | DisclosureMode::Whole | DisclosureMode::Fields, _) => {
                Ok(self
                    .rooms
                    .journal
                    .record(visit.delivered(disclosure))
                    .await?)
            }
        }
    }

    /// A no, recorded when someone identified is behind it, counted when not.
    pub(super) async fn refuse(
        &self,
        refusal: &Refusal,
        visit: &Visit,
        wish: &Wish,
        block: AddressBlock,
    ) -> Reply {
        let reason = refusal.reason();
        if reason.alarms() {
            self.rooms.counts.alarm(reason);
        }
        telemetry::refused(visit.id(), reason, refusal.detail());
        let exempt = !visit.is_identified() || reason == Reason::TooManyRequests;
        let recorded = if exempt {
            self.rooms
                .counts
                .refused(reason, block, self.rooms.clock.now());
            Recorded::exempt(visit.id())
        } else {
            match self.rooms.journal.record(visit.refused(refusal)).await {
                Ok(recorded) => recorded,
                Err(cause) => {
                    telemetry::refused(visit.id(), cause.reason(), &cause.to_string());
                    return Reply::unavailable(visit.id(), &cause);
                }
            }
        };
        Reply::refuse(
            refusal,
            recorded,
            self.refusal_page(refusal, visit, wish),
            wish,
        )
    }

    fn watch(&self, disclosure: &Disclosure) {
        if disclosure.completeness() == Completeness::Degraded {
            self.rooms.counts.alarm(Reason::PolicyError);
        }
    }

    /// The page of an in-house operation, made of the bytes that may leave.
    fn page(
        &self,
        permit: &Permit,
        disclosure: &Disclosure,
        visit: &Visit,
        wish: &Wish,
    ) -> Option<Page> {
        let in_house = matches!(permit.operation().service.backend, Backend::InHouse);
        if !in_house || !wish.wants_page() {
            return None;
        }
        let frame = self.frame(visit, wish);
        self.rooms
            .pages
            .operation(&permit.operation().id, disclosure.json()?, &frame)
    }

    fn refusal_page(&self, refusal: &Refusal, visit: &Visit, wish: &Wish) -> Option<Page> {
        if !wish.wants_page() {
            return None;
        }
        let view = RefusalView {
            reason: refusal.reason(),
            hint: refusal.hint().cloned(),
            retry_after_seconds: refusal.retry_after_seconds(),
            service: visit.service_names(&self.snapshot()),
            return_to: Some(wish.path_and_query.clone()),
        };
        Some(self.rooms.pages.refusal(&view, &self.frame(visit, wish)))
    }

    pub(super) fn frame(&self, visit: &Visit, wish: &Wish) -> Frame {
        Frame {
            language: wish.language,
            path_and_query: wish.path_and_query.clone(),
            visit: visit.id(),
            account: visit.account(),
            now: self.rooms.clock.now(),
        }
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }
}

//! The short path of sign-in: it has no permit, shows nothing of anyone's data, and ends in the
//! journal or in a count as every request does.

use std::sync::Arc;

use http::header::HeaderValue;
use http::{Method, Response};
use serde_json::{Value, json};

use crate::domain::entry::Stage;
use crate::domain::name::{CaseNumber, PurposeId};
use crate::domain::peer::AddressBlock;
use crate::domain::principal::{AcrRank, CredentialKind, Principal, PrincipalKind};
use crate::domain::purpose::Claim;
use crate::domain::reason::Reason;
use crate::domain::text::Language;
use crate::gateway::Gateway;
use crate::gateway::refusal::Refusal;
use crate::gateway::reply::Reply;
use crate::gateway::visit::Visit;
use crate::identity::SignedIn;
use crate::identity::login::Failed;
use crate::identity::providers::RealmKind;
use crate::journal::Recorded;
use crate::wire::arrival::Arrival;
use crate::wire::body::Body;
use crate::wire::pages::RealmChoice;
use crate::wire::pages::wish::Wish;
use crate::wire::path::Target;

/// The largest form read here, in bytes.
const FORM_BYTES_MAX: u64 = 4096;

/// Where a person is who asked for no place, and where an official sees what they work on.
const HOME: &str = "/services";

/// By what those are known who sign in here.
const SESSION: Option<CredentialKind> = Some(CredentialKind::Session);

impl Gateway {
    /// Answers a request of `/oauth2/…`.
    pub async fn sign_in(self: Arc<Self>, arrival: Arrival) -> Response<Body> {
        let mut wish = Wish::of(&arrival);
        let block = AddressBlock::of(arrival.peer.address);
        let mut visit = Visit::new(&arrival, &self.rooms.clock);
        let mut cookies = Vec::new();
        let answered = self
            .at_the_desk(arrival, &mut visit, &wish, &mut cookies)
            .await;
        let (reply, reason) = match answered {
            Ok(reply) => (reply.counted(visit.allowances(), None), None),
            Err(refusal) => {
                // The address holds a code or a state: it is no place to come back to, and is not
                // shown.
                HOME.clone_into(&mut wish.path_and_query);
                let reply = self.refuse(&refusal, &visit, &wish, block).await;
                let reply = reply.counted(visit.allowances(), refusal.exceeded());
                (reply, Some(refusal.reason()))
            }
        };
        let mut response = reply.with_cookies(cookies).into_response(&wish.method);
        response.extensions_mut().insert(visit.found(reason));
        response
    }

    async fn at_the_desk(
        &self,
        arrival: Arrival,
        visit: &mut Visit,
        wish: &Wish,
        cookies: &mut Vec<HeaderValue>,
    ) -> Result<Reply, Refusal> {
        visit.counted(self.rooms.identity.count(&arrival).await?);
        let place = arrival
            .target
            .path()
            .strip_prefix("/oauth2/")
            .unwrap_or_default()
            .to_owned();
        let (allowed, reading) = match place.as_str() {
            "start" | "callback" | "userinfo" => ("GET, HEAD", true),
            "sign_out" | "working_case" => ("POST", false),
            _ => {
                return Err(Refusal::new(
                    Reason::UnknownOperation,
                    "nothing of sign-in is here",
                ));
            }
        };
        let fits = if reading {
            arrival.method.is_safe()
        } else {
            arrival.method == Method::POST
        };
        if !fits {
            return Err(Refusal::method_not_allowed(allowed));
        }
        match place.as_str() {
            "start" => self.depart(&arrival, visit, wish, cookies).await,
            "callback" => self.come_back(&arrival, visit, cookies).await,
            "userinfo" => self.tell_who(&arrival, visit).await,
            "sign_out" => self.sign_out(&arrival, visit, wish, cookies).await,
            _ => self.work_on(arrival, visit, wish).await,
        }
    }

    /// `start?realm=&rd=&acr=`: to the provider; without a realm, to the page on which one is
    /// chosen.
    async fn depart(
        &self,
        arrival: &Arrival,
        visit: &Visit,
        wish: &Wish,
        cookies: &mut Vec<HeaderValue>,
    ) -> Result<Reply, Refusal> {
        let way_back = parameter(&arrival.target, "rd")?;
        let rank_min = parameter(&arrival.target, "acr")?
            .and_then(|rank| rank.parse().ok())
            .and_then(AcrRank::new);
        let realm = match parameter(&arrival.target, "realm")? {
            Some(realm) => realm,
            None => match self.only_realm(arrival, rank_min).await? {
                Some(realm) => realm,
                None => return Ok(self.chooser(visit, wish, way_back.as_deref())),
            },
        };
        let identity = &self.rooms.identity;
        let departed = identity
            .depart(arrival, &realm, way_back.as_deref(), rank_min)
            .await?;
        let redirect = departed.map_err(|error| Refusal::of(error.reason(), &error))?;
        cookies.extend(redirect.set_cookies);
        Reply::redirect(Recorded::exempt(visit.id()), redirect.location.as_str())
    }

    /// The realm there is no choice about: the only one, or, for who is to sign in more strongly,
    /// the one they are signed in at.
    async fn only_realm(
        &self,
        arrival: &Arrival,
        rank_min: Option<AcrRank>,
    ) -> Result<Option<String>, Refusal> {
        let mut realms = self
            .rooms
            .identity
            .realms()
            .map(|(realm, _)| realm.to_string());
        let first = realms.next();
        if realms.next().is_none() {
            return Ok(first);
        }
        if rank_min.is_none() {
            return Ok(None);
        }
        let signed_in = self.rooms.identity.signed_in(arrival).await?;
        Ok(signed_in.map(|who| who.session.realm().to_string()))
    }

    fn chooser(&self, visit: &Visit, wish: &Wish, way_back: Option<&str>) -> Reply {
        let choices: Vec<RealmChoice> = self
            .rooms
            .identity
            .realms()
            .map(|(realm, kind)| RealmChoice {
                realm: realm.clone(),
                kind: match kind {
                    RealmKind::Person => PrincipalKind::Person,
                    RealmKind::Official => PrincipalKind::Official,
                },
                names: None,
            })
            .collect();
        let recorded = Recorded::exempt(visit.id());
        if !wish.wants_page() {
            let realms: Vec<&str> = choices.iter().map(|choice| choice.realm.as_str()).collect();
            return Reply::json(recorded, &json!({ "realms": realms }));
        }
        let way_back = way_back.unwrap_or(HOME);
        let page = self
            .rooms
            .pages
            .chooser(&choices, way_back, &self.frame(visit, wish));
        Reply::page(recorded, page)
    }

    /// `callback`: a session begins, once the journal has it.
    async fn come_back(
        &self,
        arrival: &Arrival,
        visit: &mut Visit,
        cookies: &mut Vec<HeaderValue>,
    ) -> Result<Reply, Refusal> {
        let identity = &self.rooms.identity;
        let arrived = match identity.come_back(arrival).await? {
            Ok(arrived) => arrived,
            Err(Failed {
                error,
                realm,
                set_cookies,
            }) => {
                cookies.extend(set_cookies);
                if let Some(realm) = realm {
                    visit.step("sign-in", format!("at {realm}: {error}"));
                }
                return Err(Refusal::of(error.reason(), &error));
            }
        };
        cookies.extend(arrived.set_cookies.iter().cloned());
        visit.identified(&arrived.principal, SESSION, &self.rooms.pseudonym);
        visit.step("sign-in", format!("at {}", arrived.realm));
        let recorded = self
            .rooms
            .journal
            .record(visit.session(Stage::SignedIn))
            .await?;
        cookies.push(identity.begin(arrival, &arrived).await?);
        Reply::redirect(recorded, arrived.way_back.as_str())
    }

    /// `userinfo`: what kind of session this is, for scripts; nothing that names its holder.
    async fn tell_who(&self, arrival: &Arrival, visit: &Visit) -> Result<Reply, Refusal> {
        let signed_in = self
            .rooms
            .identity
            .signed_in(arrival)
            .await?
            .ok_or_else(nobody)?;
        Ok(Reply::json(Recorded::exempt(visit.id()), &told(&signed_in)))
    }

    /// `sign_out`: the session ends, once the journal has it. The answer is a page and no redirect:
    /// a page's form may lead nowhere but to this host.
    async fn sign_out(
        &self,
        arrival: &Arrival,
        visit: &mut Visit,
        wish: &Wish,
        cookies: &mut Vec<HeaderValue>,
    ) -> Result<Reply, Refusal> {
        let identity = &self.rooms.identity;
        let (recorded, at_provider) = match identity.signed_in(arrival).await? {
            Some(signed_in) => {
                visit.identified(signed_in.principal(), SESSION, &self.rooms.pseudonym);
                let recorded = self
                    .rooms
                    .journal
                    .record(visit.session(Stage::SignedOut))
                    .await?;
                let signed_out = identity.sign_out(signed_in).await?;
                cookies.push(signed_out.set_cookie);
                (recorded, signed_out.end_session)
            }
            None => {
                cookies.push(identity.forgotten()?);
                (Recorded::exempt(visit.id()), None)
            }
        };
        let at_provider = at_provider.as_ref().map(url::Url::as_str);
        if !wish.wants_page() {
            return Ok(Reply::json(
                recorded,
                &json!({ "end_session": at_provider }),
            ));
        }
        let mut frame = self.frame(visit, wish);
        frame.account = None;
        HOME.clone_into(&mut frame.path_and_query);
        Ok(Reply::page(
            recorded,
            self.rooms.pages.signed_out(at_provider, &frame),
        ))
    }

    /// `working_case`: the purpose and the case an official works on, until they say another. A
    /// person comes back to the page with the form, in the language they sent it in.
    async fn work_on(
        &self,
        arrival: Arrival,
        visit: &Visit,
        wish: &Wish,
    ) -> Result<Reply, Refusal> {
        let signed_in = self
            .rooms
            .identity
            .signed_in(&arrival)
            .await?
            .ok_or_else(nobody)?;
        let language = parameter(&arrival.target, "lang")?;
        let form = arrival
            .body
            .collect_up_to(FORM_BYTES_MAX)
            .await
            .map_err(|cause| Refusal::of(Reason::BodyTooLarge, &cause))?;
        let mut claim = Claim::default();
        let unread = |name: &str| {
            Refusal::new(
                Reason::BadRequest,
                format!("`{name}` is no name of the vocabulary"),
            )
        };
        for (name, value) in url::form_urlencoded::parse(&form) {
            match (&*name, value.trim()) {
                (_, "") => {}
                ("purpose", value) => {
                    claim.purpose = Some(PurposeId::parse(value).map_err(|_| unread("purpose"))?);
                }
                ("case", value) => {
                    claim.case = Some(CaseNumber::parse(value).map_err(|_| unread("case"))?);
                }
                _ => {}
            }
        }
        self.rooms.identity.work_on(&signed_in, &claim).await?;
        let recorded = Recorded::exempt(visit.id());
        if !wish.wants_page() {
            let told = json!({ "purpose": claim.purpose, "case": claim.case });
            return Ok(Reply::json(recorded, &told));
        }
        match language.as_deref().and_then(Language::from_tag) {
            Some(language) => Reply::redirect(recorded, &format!("{HOME}?lang={}", language.tag())),
            None => Reply::redirect(recorded, HOME),
        }
    }
}

fn nobody() -> Refusal {
    Refusal::new(Reason::SignInNeeded, "no session")
}

fn told(signed_in: &SignedIn) -> Value {
    let session = &signed_in.session;
    let principal = session.principal();
    let mut told = json!({
        "kind": principal.kind().as_str(),
        "realm": session.realm().as_str(),
        "acr": principal.rank().as_u8(),
        "authenticated_at": principal.assurance().map(|a| a.authenticated_at.to_string()),
        "working_case": { "purpose": session.claim().purpose, "case": session.claim().case },
    });
    if let (Principal::Official(official), Some(told)) = (principal, told.as_object_mut()) {
        told.insert("agency".to_owned(), json!(official.agency));
    }
    told
}

fn parameter(target: &Target, name: &str) -> Result<Option<String>, Refusal> {
    let value = target
        .query_value(name)
        .map_err(|cause| Refusal::of(Reason::BadRequest, &cause))?;
    Ok(value.map(std::borrow::Cow::into_owned))
}

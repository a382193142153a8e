//! `[[operation]]`: one method and path, who may call it, and for what.

use std::sync::Arc;

use http::HeaderName;

use crate::domain::name::{OperationId, PurposeId, RoleId, Scope};
use crate::domain::operation::{
    Assertion, Effect, Method, Mode, Operation, PurposeBinding, SubjectAt,
};
use crate::domain::principal::{AcrRank, PrincipalKind};
use crate::domain::service::Service;
use crate::domain::sheet::{At, Table};
use crate::register::KnownNames;
use crate::register::description::{
    DescribedOperation, NAME_MEND, answer, caller, flow, issue, question, unknown_word, word,
};
use crate::register::template::Template;
use crate::wire::cookie::HOST_PREFIX;
use crate::wire::headers::AllowList;

/// All operations of a file. They are read also where the service itself could not be, for their
/// own problems.
pub(super) fn read_all(
    table: &mut Table<'_>,
    service: Option<&Arc<Service>>,
    known: &KnownNames,
) -> Vec<DescribedOperation> {
    if table.is_empty("operation") {
        table.note(
            table.line(),
            "the e-service has no operation",
            "write an `[[operation]]`",
        );
    }
    table.tables("operation", |operation| read(operation, service, known))
}

fn read(
    table: &mut Table<'_>,
    service: Option<&Arc<Service>>,
    known: &KnownNames,
) -> Option<DescribedOperation> {
    let id = id(table, service);
    let call = table.need_parsed("call", "write `GET /path/{capture}`", call);
    let who = caller::who(table);
    let assurance_min = table.bounded("assurance", 0, (0, u64::from(AcrRank::RANK_MAX)));
    let scopes = table.list_parsed("scopes", NAME_MEND, Scope::parse);
    let certificate_needed = table.want::<bool>("certificate");
    let credentials = caller::credentials(table);
    let purposes = purposes(table, known);
    let template = call.as_ref().map(|call| &call.value.1);
    let subject = subject(table, template);
    let effect = effect(table, call.as_ref().map(|call| call.value.0), known);
    let contracts = answer::read_all(table, known);
    let issues = issue::read(table, known);
    let request_headers = headers(table, "request_headers");
    let response_headers = headers(table, "response_headers");
    let cookies = table.list_parsed("cookies", "name a cookie of the e-service", cookie);
    let body_bytes_max = table.bounded("body_bytes_max", BODY_BYTES_DEFAULT, (0, BODY_BYTES_BOUND));
    let upstream_ms_max = table.bounded(
        "upstream_ms_max",
        UPSTREAM_MS_DEFAULT,
        (1, UPSTREAM_MS_BOUND),
    );
    let flow = flow::read(table);
    let mend = "write `shared` or `each`";
    let assertion = table.parsed_or("assertion", Assertion::Shared, mend, word::<Assertion>);
    let assertion_certificate = table.want::<bool>("assertion_certificate");
    let (id, call, service) = (id?, call?, service?);
    let (method, template, written) = call.value;
    let operation = Operation {
        id: id.value,
        service: Arc::clone(service),
        method,
        template: written,
        who,
        assurance_min: AcrRank::new(u8::try_from(assurance_min?).ok()?)?,
        scopes: values(scopes),
        certificate_needed: certificate_needed.is_some_and(|at| at.value),
        credentials,
        purposes,
        effect: effect?,
        subject: subject?,
        contracts,
        issues,
        request_headers,
        response_headers,
        cookies: values(cookies),
        body_bytes_max: body_bytes_max?,
        upstream_ms_max: u32::try_from(upstream_ms_max?).ok()?,
        flow: flow?,
        assertion: assertion?,
        assertion_certificate: assertion_certificate.is_some_and(|at| at.value),
    };
    check(table, &operation);
    issue::check(table, &operation);
    flow::check(table, &operation);
    Some(DescribedOperation {
        line: id.line,
        call_line: call.line,
        template,
        operation: Arc::new(operation),
    })
}

fn id(table: &mut Table<'_>, service: Option<&Arc<Service>>) -> Option<At<OperationId>> {
    let id = table.need_parsed("id", NAME_MEND, OperationId::parse)?;
    if let Some(service) = service {
        let under = id.value.as_str().strip_prefix(service.id.as_str());
        if !under.is_some_and(|rest| rest.starts_with('.') && rest.len() > 1) {
            let what = format!(
                "the operation `{}` is not named after its e-service",
                id.value
            );
            table.note(id.line, what, format!("begin with `{}.`", service.id));
        }
    }
    Some(id)
}

fn call(given: &str) -> Result<(Method, Template, String), String> {
    let Some((method, path)) = given.split_once(' ') else {
        return Err(format!("`{given}` is not a method and a path"));
    };
    let method = word::<Method>(method)?;
    Ok((method, Template::parse(path)?, path.to_owned()))
}

fn purposes(table: &mut Table<'_>, known: &KnownNames) -> Vec<PurposeBinding> {
    table.tables("purposes", |table| {
        let who = table.need_parsed("who", "write a kind of principal", word::<PrincipalKind>);
        let purpose = table.need_parsed("purpose", NAME_MEND, PurposeId::parse);
        if let Some(p) = purpose
            .as_ref()
            .filter(|p| !known.purposes.contains(&p.value))
        {
            unknown_word(table, p.line, "purpose", p.value.as_str());
        }
        let roles = table.list_parsed("roles", NAME_MEND, RoleId::parse);
        for role in roles
            .iter()
            .filter(|role| !known.roles.contains(&role.value))
        {
            unknown_word(table, role.line, "role", role.value.as_str());
        }
        Some(PurposeBinding {
            purpose: purpose?.value,
            who: who?.value,
            roles: values(roles),
        })
    })
}

fn subject(table: &mut Table<'_>, template: Option<&Template>) -> Option<SubjectAt> {
    let mend =
        "write `nobody`, `self`, `answer`, `path:CAPTURE`, `document:CAPTURE` or `query:NAME`";
    let captured = |name: &str| template.is_none_or(|t| t.captures().any(|c| c == name));
    let subject = table.need_parsed("subject", mend, |given| match given.split_once(':') {
        None => match given {
            "nobody" => Ok(SubjectAt::Nobody),
            "self" => Ok(SubjectAt::Principal),
            "answer" => Ok(SubjectAt::Answer),
            _ => Err(format!("`{given}` is no place of a subject")),
        },
        Some(("path", name)) if captured(name) => Ok(SubjectAt::Path(name.to_owned())),
        Some(("document", name)) if captured(name) => Ok(SubjectAt::Document(name.to_owned())),
        Some(("path" | "document", name)) => Err(format!("the path has no capture `{{{name}}}`")),
        Some(("query", name)) => question::query_name(name).map(SubjectAt::Query),
        Some(_) => Err(format!("`{given}` is no place of a subject")),
    });
    subject.map(|subject| subject.value)
}

/// GET reads and all else writes, unless it is said otherwise or a question is asked.
fn effect(table: &mut Table<'_>, method: Option<Method>, known: &KnownNames) -> Option<Effect> {
    let question = table.section("verify", |inner| Some(question::read(inner, known)));
    let said = table.want_parsed("effect", "write `read` or `write`", |given| match given {
        "read" => Ok(Effect::Read),
        "write" => Ok(Effect::Write),
        _ => Err(format!("`{given}` is no effect")),
    });
    if let (Some(_), Some(said)) = (&question, &said) {
        table.note(
            said.line,
            "a question has no other `effect`",
            "remove `effect`",
        );
    }
    if let Some(question) = question {
        return question.map(Effect::Verify);
    }
    let reads = method == Some(Method::Get);
    match said {
        Some(At {
            value: Effect::Write,
            line,
        }) if reads && !table.has("upgrade") => {
            table.note(
                line,
                "a GET that writes",
                "use POST, PUT, PATCH or DELETE (RFC 9110 §9.2.1)",
            );
            None
        }
        Some(said) => Some(said.value),
        None if reads => Some(Effect::Read),
        None => Some(Effect::Write),
    }
}

pub(super) fn headers(table: &mut Table<'_>, key: &'static str) -> Vec<String> {
    let mend = "name an end-to-end header in lower case that the gateway does not set itself";
    let names = table.list_parsed(key, mend, |given| {
        let name = HeaderName::from_bytes(given.as_bytes()).map_err(|error| error.to_string())?;
        if name.as_str() != given || NEVER_PASSED.contains(&given) {
            return Err(format!("`{given}` may not be let through"));
        }
        AllowList::of([name]).map_err(|error| error.to_string())?;
        Ok(given.to_owned())
    });
    values(names)
}

fn cookie(given: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if given.is_empty() || !given.bytes().all(plain) {
        return Err(format!("`{given}` is not the name of a cookie"));
    }
    let ours = given.get(..HOST_PREFIX.len());
    if ours.is_some_and(|head| head.eq_ignore_ascii_case(HOST_PREFIX)) {
        return Err(format!("`{given}` could be a cookie of the gateway"));
    }
    Ok(given.to_owned())
}

/// What is right in each key and wrong together.
fn check(table: &Table<'_>, operation: &Operation) {
    let line = table.line();
    let id = &operation.id;
    let all_public = operation
        .contracts
        .iter()
        .all(|contract| contract.mode == Mode::Public);
    for binding in operation
        .purposes
        .iter()
        .filter(|b| !operation.who.contains(&b.who))
    {
        let who = binding.who.as_str();
        let what = format!("`{id}` has the purpose `{}` for {who}", binding.purpose);
        table.note(
            line,
            what,
            format!("add `{who}` to `who`, or remove the purpose"),
        );
    }
    let identified = operation
        .who
        .iter()
        .filter(|kind| **kind != PrincipalKind::Anonymous);
    for kind in identified.filter(|_| !all_public) {
        if !operation
            .purposes
            .iter()
            .any(|binding| binding.who == *kind)
        {
            let what = format!("`{id}` is open to {} for no purpose", kind.as_str());
            table.note(
                line,
                what,
                "add a line to `purposes`, or take them out of `who`",
            );
        }
    }
    if operation.who.contains(&PrincipalKind::Anonymous) && operation.assurance_min.as_u8() > 0 {
        let what = format!("`{id}` is open to anonymous and asks for assurance");
        table.note(
            line,
            what,
            "take `anonymous` out of `who`, or `assurance` away",
        );
    }
    check_subject(table, operation);
    if let Effect::Verify(question) = &operation.effect
        && !question::is_classified(question, &operation.contracts)
    {
        let what = format!(
            "`{id}` asks about `{}`, which is not a field of its class",
            question.pointer
        );
        table.note(
            line,
            what,
            "list it in `fields` of each good answer with the question's class",
        );
    }
}

fn check_subject(table: &Table<'_>, operation: &Operation) {
    let id = &operation.id;
    let note = |what: String, mend: &str| table.note(table.line(), what, mend);
    let named = match operation.subject {
        SubjectAt::Principal
        | SubjectAt::Path(_)
        | SubjectAt::Query(_)
        | SubjectAt::Document(_) => true,
        SubjectAt::Nobody | SubjectAt::Answer => false,
    };
    let about_someone = operation.subject != SubjectAt::Nobody;
    for contract in &operation.contracts {
        match &contract.mode {
            Mode::Public if about_someone => {
                let what = format!("`{id}` is about a person and has a `public` answer");
                note(
                    what,
                    "use `fields` or `whole`, so that it is decided and recorded",
                );
            }
            Mode::Whole { .. } if !named => {
                let what = format!("`{id}` names no person and has a `whole` answer");
                note(
                    what,
                    "say in `subject` whose data it is, or declare it `public`",
                );
            }
            Mode::Fields(map) if !named => {
                for place in answer::ownerless(map) {
                    let what = format!("`{id}` answers `{place}`, which is nobody's");
                    note(
                        what,
                        "bind a subtree around it in `subjects`, or say in `subject` whose it is",
                    );
                }
            }
            Mode::Public | Mode::Whole { .. } | Mode::Fields(_) => {}
        }
    }
    let nameless = [PrincipalKind::Anonymous, PrincipalKind::System];
    if operation.subject == SubjectAt::Principal
        && operation.who.iter().any(|kind| nameless.contains(kind))
    {
        let what =
            format!("`{id}` is about the caller's own person and open to callers without one");
        note(what, "open it to `person` or `official` only");
    }
}

fn values<T>(list: Vec<At<T>>) -> Vec<T> {
    list.into_iter().map(|at| at.value).collect()
}

/// Credentials and validators: what a caller proves to the gateway is not the e-service's, and
/// what tells two bodies apart tells what was left out of them.
const NEVER_PASSED: &[&str] = &[
    "authorization",
    "etag",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "range",
    "content-range",
    "set-cookie",
    "content-encoding",
    "accept-encoding",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "strict-transport-security",
];

const BODY_BYTES_DEFAULT: u64 = 1 << 20;
const BODY_BYTES_BOUND: u64 = 64 << 20;
const UPSTREAM_MS_DEFAULT: u64 = 10_000;
const UPSTREAM_MS_BOUND: u64 = 120_000;

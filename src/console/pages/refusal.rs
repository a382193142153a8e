//! Every no says why and what to do next, with the request's number.

use askama::Template;

use super::{Shell, finish};
use crate::console::moment;
use crate::domain::decision::Hint;
use crate::domain::reason::Reason;
use crate::wire::pages::{Page, RefusalView};

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    shell: &'a Shell<'a>,
    title: String,
    why: String,
    next: String,
    wait: Option<Wait>,
    button: Button,
    service: Option<&'a str>,
    code: &'static str,
}

/// When to try again: a clock time, which stays right without script, and how long that is.
struct Wait {
    until: String,
    count: String,
}

struct Button {
    text: String,
    href: String,
}

/// What kind of no it is: one title, one way on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    SignIn,
    Stronger,
    NotAllowed,
    NotFound,
    Unclear,
    TooMany,
    ServiceDown,
    ServiceFault,
    NotNow,
    OurFault,
    SignInFailed,
    SignInCancelled,
}

impl Kind {
    const fn of(reason: Reason) -> Self {
        match reason {
            Reason::SignInNeeded | Reason::InvalidToken => Self::SignIn,
            Reason::StrongerSignInNeeded => Self::Stronger,
            Reason::CrossOrigin
            | Reason::InsufficientScope
            | Reason::CertificateNeeded
            | Reason::CertificateRefused
            | Reason::CredentialNotTaken
            | Reason::WrongRealm
            | Reason::PurposeNeeded
            | Reason::PurposeNotBound
            | Reason::CaseNeeded
            | Reason::CaseUnknown
            | Reason::CaseClosed
            | Reason::CaseOfAnother
            | Reason::CaseNotAssigned
            | Reason::ConsentNeeded
            | Reason::MandateNeeded
            | Reason::StaffInactive
            | Reason::SelfDealing
            | Reason::ProtectedPerson
            | Reason::DocumentNotPresented
            | Reason::NotPermitted => Self::NotAllowed,
            Reason::UnknownOperation | Reason::MethodNotAllowed | Reason::NothingToDisclose => {
                Self::NotFound
            }
            Reason::BadRequest
            | Reason::BadHeader
            | Reason::BadCookie
            | Reason::BodyTooLarge
            | Reason::UpgradeNeeded
            | Reason::BadHandshake
            | Reason::SubjectUnclear
            | Reason::QuestionNotAllowed => Self::Unclear,
            Reason::TooManyRequests | Reason::TooManyStreams => Self::TooMany,
            Reason::UpstreamUnavailable | Reason::UpstreamTimeout | Reason::UpstreamBusy => {
                Self::ServiceDown
            }
            Reason::ContractBroken
            | Reason::SubjectMismatch
            | Reason::DocumentMissing
            | Reason::DocumentNotSealable
            | Reason::DocumentNumberTaken
            | Reason::LeakStopped => Self::ServiceFault,
            Reason::FactsUnavailable
            | Reason::JournalUnavailable
            | Reason::StoreFull
            | Reason::SessionsUnavailable
            | Reason::NotaryUnavailable
            | Reason::ProviderUnavailable
            | Reason::CertificateStatusUnknown
            | Reason::Overloaded => Self::NotNow,
            Reason::PolicyError | Reason::Internal => Self::OurFault,
            Reason::SignInFailed => Self::SignInFailed,
            Reason::SignInCancelled => Self::SignInCancelled,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::SignIn => "refusal-sign-in",
            Self::Stronger => "refusal-stronger",
            Self::NotAllowed => "refusal-not-allowed",
            Self::NotFound => "refusal-not-found",
            Self::Unclear => "refusal-unclear",
            Self::TooMany => "refusal-too-many",
            Self::ServiceDown => "refusal-service-down",
            Self::ServiceFault => "refusal-service-fault",
            Self::NotNow => "refusal-not-now",
            Self::OurFault => "refusal-our-fault",
            Self::SignInFailed => "refusal-sign-in-failed",
            Self::SignInCancelled => "refusal-sign-in-cancelled",
        }
    }

    const fn next(self) -> &'static str {
        match self {
            Self::SignIn => "next-sign-in",
            Self::Stronger => "next-stronger",
            Self::NotAllowed => "next-not-allowed",
            Self::NotFound => "next-not-found",
            Self::Unclear => "next-unclear",
            Self::TooMany => "next-too-many",
            Self::ServiceDown => "next-service-down",
            Self::ServiceFault => "next-service-fault",
            Self::NotNow => "next-not-now",
            Self::OurFault => "next-our-fault",
            Self::SignInFailed => "next-sign-in-failed",
            Self::SignInCancelled => "next-sign-in-cancelled",
        }
    }
}

/// The page of a no.
pub(in crate::console) fn refusal(shell: &Shell<'_>, view: &RefusalView) -> Page {
    let kind = Kind::of(view.reason);
    let page = RefusalPage {
        shell,
        title: shell.say(kind.title()).into_owned(),
        why: shell
            .say(&format!("reason-{}", view.reason.code()))
            .into_owned(),
        next: shell.say(next(kind, view.hint.as_ref())).into_owned(),
        wait: view.retry_after_seconds.map(|seconds| wait(shell, seconds)),
        button: button(shell, kind, view),
        service: view.service.as_ref().map(|names| shell.of(names)),
        code: view.reason.code(),
    };
    finish(shell, &page)
}

/// A hint of the policies is more exact than the kind of the no.
const fn next(kind: Kind, hint: Option<&Hint>) -> &'static str {
    match hint {
        Some(Hint::StepUp(_)) => Kind::Stronger.next(),
        Some(Hint::Justify) => "hint-justify",
        Some(Hint::Case) => "hint-case",
        Some(Hint::Approve) => "hint-approve",
        Some(Hint::Consent) => "hint-consent",
        None => kind.next(),
    }
}

fn wait(shell: &Shell<'_>, seconds: u32) -> Wait {
    let ms = i64::from(seconds) * 1000;
    let until = moment::clock_exact(shell.moment().plus_ms(ms));
    Wait {
        until: shell
            .fill("refusal-until", &[("what", &until)])
            .into_owned(),
        count: shell.count("refusal-wait", u64::from(seconds)).into_owned(),
    }
}

fn button(shell: &Shell<'_>, kind: Kind, view: &RefusalView) -> Button {
    let back = view.return_to.as_deref().unwrap_or_else(|| shell.again());
    let strongly = matches!(view.hint, Some(Hint::StepUp(_)));
    let (text, href) = match kind {
        Kind::Stronger => ("button-stronger", shell.step_up(view.hint.as_ref(), back)),
        Kind::NotAllowed if strongly => {
            ("button-stronger", shell.step_up(view.hint.as_ref(), back))
        }
        Kind::SignIn => ("button-sign-in", shell.sign_in_to(back)),
        // The page itself is the end of a sign-in: there is no way back to it.
        Kind::SignInFailed | Kind::SignInCancelled => (
            "button-sign-in",
            shell.sign_in_to(view.return_to.as_deref().unwrap_or("/my")),
        ),
        Kind::NotAllowed | Kind::NotFound | Kind::Unclear | Kind::ServiceFault => {
            ("button-services", shell.link("/services"))
        }
        Kind::TooMany | Kind::ServiceDown | Kind::NotNow | Kind::OurFault => {
            ("button-again", back.to_owned())
        }
    };
    Button {
        text: shell.say(text).into_owned(),
        href,
    }
}

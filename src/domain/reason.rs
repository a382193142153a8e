//! Why the answer was no: stable codes that are journaled, counted, documented and shown.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who has to do something about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Caller,
    Upstream,
    Gateway,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $Variant:ident = $code:literal, $side:ident, $status:literal;)*) => {
        /// Why the answer was no. The code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $($(#[$doc])* $Variant,)* }

        impl Reason {
            pub const ALL: &'static [Self] = &[$(Self::$Variant,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$Variant => $code,)* }
            }

            /// Who has to act on it.
            #[must_use]
            pub const fn side(self) -> Side {
                match self { $(Self::$Variant => Side::$side,)* }
            }

            /// The HTTP status it is told with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$Variant => $status,)* }
            }
        }
    };
}

reasons! {
    /// The request is not one: target, header or framing.
    BadRequest = "bad_request", Caller, 400;
    /// A header that may stand once stands twice, or does not parse.
    BadHeader = "bad_header", Caller, 400;
    BadCookie = "bad_cookie", Caller, 400;
    /// Not an operation of the register.
    UnknownOperation = "unknown_operation", Caller, 404;
    MethodNotAllowed = "method_not_allowed", Caller, 405;
    /// The operation is a WebSocket, of version 13.
    UpgradeNeeded = "upgrade_needed", Caller, 426;
    /// The opening handshake of a WebSocket does not read, or there is none to open.
    BadHandshake = "bad_handshake", Caller, 400;
    BodyTooLarge = "body_too_large", Caller, 413;
    /// An unsafe method with a cookie from another origin.
    CrossOrigin = "cross_origin", Caller, 403;
    SignInNeeded = "sign_in_needed", Caller, 401;
    /// The token is not valid here: signature, issuer, audience, time or form.
    InvalidToken = "invalid_token", Caller, 401;
    /// RFC 9470.
    StrongerSignInNeeded = "insufficient_user_authentication", Caller, 401;
    InsufficientScope = "insufficient_scope", Caller, 403;
    /// The code printed on the document was not shown, or longer ago than it counts.
    DocumentNotPresented = "document_not_presented", Caller, 403;
    /// The operation needs a client certificate, and the handshake had none.
    CertificateNeeded = "certificate_needed", Caller, 403;
    /// The client certificate signs nobody in: revoked, of no authority that does, or what it says
    /// of its holder does not read.
    CertificateRefused = "certificate_refused", Caller, 403;
    /// Whether the client certificate was revoked cannot be known now.
    CertificateStatusUnknown = "certificate_status_unknown", Gateway, 503;
    /// The operation takes no such credential.
    CredentialNotTaken = "credential_not_taken", Caller, 403;
    /// Signed in, but as another kind of principal than the operation is open to.
    WrongRealm = "wrong_realm", Caller, 403;
    TooManyRequests = "too_many_requests", Caller, 429;
    /// As many streams are open as may be, of this principal or of all.
    TooManyStreams = "too_many_streams", Caller, 429;
    /// No purpose given where several are possible.
    PurposeNeeded = "purpose_needed", Caller, 403;
    /// A purpose that this operation does not serve for this principal.
    PurposeNotBound = "purpose_not_bound", Caller, 403;
    /// The request says no person, or not one person.
    SubjectUnclear = "subject_unclear", Caller, 400;
    CaseNeeded = "case_needed", Caller, 403;
    CaseUnknown = "case_unknown", Caller, 403;
    CaseClosed = "case_closed", Caller, 403;
    /// The case is about somebody else, of another body, or for another purpose.
    CaseOfAnother = "case_of_another", Caller, 403;
    /// The official is not one of the case's assignees.
    CaseNotAssigned = "case_not_assigned", Caller, 403;
    ConsentNeeded = "consent_needed", Caller, 403;
    MandateNeeded = "mandate_needed", Caller, 403;
    StaffInactive = "staff_inactive", Caller, 403;
    SelfDealing = "self_dealing", Caller, 403;
    ProtectedPerson = "protected_person", Caller, 403;
    /// No rule permits it.
    NotPermitted = "not_permitted", Caller, 403;
    /// A threshold that may not be asked for.
    QuestionNotAllowed = "question_not_allowed", Caller, 400;
    /// Nothing of the answer may be shown to this principal for this purpose.
    NothingToDisclose = "nothing_to_disclose", Caller, 404;
    PolicyError = "policy_error", Gateway, 500;
    FactsUnavailable = "facts_unavailable", Gateway, 503;
    UpstreamUnavailable = "upstream_unavailable", Upstream, 502;
    UpstreamTimeout = "upstream_timeout", Upstream, 504;
    /// Too many requests wait for it already; nothing was sent.
    UpstreamBusy = "upstream_busy", Upstream, 503;
    /// The upstream's answer matches no contract of the operation.
    ContractBroken = "contract_broken", Upstream, 502;
    /// The upstream answered about another person.
    SubjectMismatch = "subject_mismatch", Upstream, 502;
    /// An issuing operation answered without a document, or without a readable `Muhrdor-Document`.
    DocumentMissing = "document_missing", Upstream, 502;
    /// The document is damaged, encrypted, signed already, or could change what it shows.
    DocumentNotSealable = "document_not_sealable", Upstream, 502;
    /// The issuer gave the number to another document.
    DocumentNumberTaken = "document_number_taken", Upstream, 409;
    /// Personal data stood where the contract says there is none.
    LeakStopped = "leak_stopped", Upstream, 502;
    JournalUnavailable = "journal_unavailable", Gateway, 503;
    StoreFull = "store_full", Gateway, 503;
    /// Documents cannot be sealed, revoked or looked up now.
    NotaryUnavailable = "notary_unavailable", Gateway, 503;
    SessionsUnavailable = "sessions_unavailable", Gateway, 503;
    ProviderUnavailable = "provider_unavailable", Gateway, 503;
    /// A sign-in that did not end well: state, nonce, code, token.
    SignInFailed = "sign_in_failed", Caller, 400;
    SignInCancelled = "sign_in_cancelled", Caller, 403;
    Overloaded = "overloaded", Gateway, 503;
    /// Our fault.
    Internal = "internal", Gateway, 500;
}

impl Reason {
    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|reason| reason.code() == code)
    }

    /// Whether someone must look at it now: data was about to go where it must not.
    #[must_use]
    pub const fn alarms(self) -> bool {
        matches!(
            self,
            Self::SubjectMismatch | Self::LeakStopped | Self::PolicyError
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let code = String::deserialize(from)?;
        Self::from_code(&code)
            .ok_or_else(|| serde::de::Error::custom(format!("`{code}` is not a reason code")))
    }
}

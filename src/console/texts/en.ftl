language-name = English

## Around every page
skip = Skip to the content
nav-label = Account
nav-languages = Language
nav-sign-in = Sign in
nav-sign-out = Sign out
footer-run-by = This portal is run by: { $what }.
footer-host = The address line of your browser should show { $what }.
footer-help = Help
footer-privacy = Privacy
footer-privacy-text = This portal keeps a cookie for your sign-in and, while you look at a document by its access code, one for that; no others. Each time somebody is shown your data, it is written down first: who, what kind of data, why and under which law. You find it under “Who saw my data”.

## Refusals
refusal-next = What you can do
refusal-code = Reason code
refusal-number = Request number
refusal-time = Time
refusal-service = Service
refusal-until = Try again after { $what }.
refusal-wait = { $n ->
    [one] That is in { $n } second.
   *[other] That is in { $n } seconds.
  }
button-sign-in = Sign in
button-stronger = Sign in again, more strongly
button-again = Try again
button-services = See the services

refusal-sign-in = Please sign in first
refusal-stronger = Please sign in more strongly
refusal-not-allowed = This is not allowed
refusal-not-found = There is nothing here
refusal-unclear = We could not understand this request
refusal-too-many = Too many requests
refusal-service-down = The service is not answering
refusal-service-fault = The service gave a wrong answer
refusal-not-now = This is not possible right now
refusal-our-fault = The fault is ours
refusal-sign-in-failed = Signing in did not succeed
refusal-sign-in-cancelled = You stopped signing in

next-sign-in = Sign in. You will then come back to this page.
next-stronger = Sign in again with a second step, for example a code or an electronic key. You will then come back to this page.
next-not-allowed = If you think you should be allowed, give the help desk the request number below.
next-not-found = Check the address, or look for the service in the list of services.
next-unclear = Go back and try again. If it happens again, give the help desk the request number below.
next-too-many = Wait a moment, then try again.
next-service-down = Try again in a few minutes. What you have already sent is not lost.
next-service-fault = Nothing was shown to anyone. The body that runs the service has to mend it; try again later.
next-not-now = Try again in a few minutes. Nothing was lost.
next-our-fault = Nothing was lost. Try again in a few minutes; if it happens again, give the help desk the request number below.
next-sign-in-failed = Start again. Do not use an old link or the back button while signing in.
next-sign-in-cancelled = Nothing was changed. You can sign in at any time.
hint-justify = Write down why you need this data, then try again.
hint-case = Name the case you are working on at the top of the list of services, then try again.
hint-approve = Ask a second person of your body to approve this.
hint-consent = The person has to consent to this. Without their consent in force nothing is given.

reason-bad_request = The address or the form of the request is not right.
reason-bad_header = A part of the request that your program sent is not right.
reason-bad_cookie = The cookies that your browser sent cannot be read. Delete the cookies of this portal and sign in again.
reason-unknown_operation = There is no service at this address.
reason-method_not_allowed = This address does not take this kind of request.
reason-body_too_large = What you sent is larger than this service takes.
reason-cross_origin = The request came from another website. For your safety it was not carried out.
reason-sign_in_needed = We need to know who you are before we can show this page.
reason-invalid_token = Your sign-in is not valid here, or it has run out.
reason-insufficient_user_authentication = This data needs a stronger proof that it is you.
reason-insufficient_scope = The system that asked was not given this right.
reason-wrong_realm = This service is not open to the way you signed in.
reason-too_many_requests = More requests came from you than the portal takes in this time.
reason-purpose_needed = The request does not say what the data is needed for.
reason-purpose_not_bound = This data is not given for the purpose that was named.
reason-subject_unclear = The request does not say clearly whose data is meant.
reason-case_needed = This data is shown only within a case.
reason-case_unknown = We could not find this case at the body that should have it.
reason-case_closed = The case is closed. Data is shown only while a case is open.
reason-case_of_another = The case is about another person, another body or another purpose.
reason-case_not_assigned = The case is assigned to another official.
reason-consent_needed = The person has not consented to this, or has withdrawn the consent.
reason-mandate_needed = You may see another person’s data only if you are entitled to act for them.
reason-staff_inactive = Your post is not active, or your data protection training has run out.
reason-self_dealing = Officials do not handle their own data. Sign in as an applicant to see it.
reason-protected_person = This data cannot be shown.
reason-not_permitted = No rule allows this.
reason-question_not_allowed = This question may not be asked.
reason-nothing_to_disclose = There is nothing here that can be shown to you.
reason-policy_error = A rule could not be applied, so we showed nothing.
reason-facts_unavailable = The body that has to confirm your right is not answering, so we show nothing.
reason-upstream_unavailable = The body’s system that gives this service cannot be reached.
reason-upstream_timeout = The body’s system that gives this service took too long to answer.
reason-contract_broken = The service answered in a form that was not agreed. We stopped the answer.
reason-subject_mismatch = The service answered about another person. We stopped the answer.
reason-leak_stopped = The answer held data that does not belong there. We stopped the answer.
reason-journal_unavailable = We could not write down who would see the data, so we showed nothing.
reason-document_not_presented = Show the code printed on the document again: it opens the document for a short while.
reason-document_missing = The service was to issue a document and did not. Nothing was handed out.
reason-document_not_sealable = The service gave a document that cannot be sealed. Nothing was handed out.
reason-document_number_taken = The service gave this number to another document already. Nothing was handed out.
reason-notary_unavailable = Documents cannot be sealed or looked up at the moment.
reason-store_full = We have no room to write down who would see the data, so we showed nothing.
reason-sessions_unavailable = We cannot check your sign-in at the moment.
reason-provider_unavailable = The sign-in service is not answering.
reason-sign_in_failed = The sign-in service’s answer did not fit what was asked, or came too late.
reason-sign_in_cancelled = The sign-in service says that the sign-in was stopped.
reason-overloaded = Too many people are using the portal at the moment.
reason-internal = Something went wrong in the portal.

## Signing in and out
chooser-title = How do you want to sign in?
chooser-lead = You will go to the sign-in service and then come back here.
chooser-none = There is no way to sign in at the moment.
realm-person = As an applicant
realm-person-text = For people who use services for themselves or for an organisation.
realm-official = As an official
realm-official-text = For people who work in a state body.
realm-other = As a system
realm-other-text = For the information systems of bodies.
signed-out-title = You are signed out
signed-out-text = Nobody can use your account from this browser any more.
signed-out-provider = You may still be signed in at the sign-in service. On a computer that others use, sign out there too.
button-provider = Sign out there too
button-sign-in-again = Sign in again

## The account
home-title = My account
home-hello = Hello, { $what }
home-body = Body
home-strength = Strength of sign-in
home-since = Signed in since
home-seen = Last look by others
home-seen-none = no newest entry shows one
strength-0 = none
strength-1 = password or SMS
strength-2 = with a second step
strength-3 = with an own electronic key
link-journal = Who saw my data
link-journal-text = Which bodies looked at your data, when and why.
link-services = Services
link-services-text = All services of the portal and who runs them.
link-policies = Rules
link-policies-text = Who may see what, in plain words.

## Who saw my data
journal-title = Who saw my data
journal-lead = Each look at your data is written down here before the data leaves. The newest comes first.
journal-empty = Nobody has looked at your data since { $what }.
journal-empty-ever = Nobody has looked at your data so far.
journal-empty-page = There are no entries on this page.
journal-withheld = This list cannot be shown to you.
journal-own = { $n ->
    [one] You looked at your own data { $n } time
   *[other] You looked at your own data { $n } times
  }
journal-newest = To the newest
journal-older = Older
journal-pages = Pages of the list
entry-clear = Saw
entry-masked = Saw in part
entry-verified = Got only “yes” or “no” about
entry-absent = Was not shown
entry-none = No data was shown.
entry-purpose = What for
entry-law = Under
entry-article = { $act }, article { $article }
entry-why = Why?
entry-service = Service
entry-official = Official
entry-official-number = No. { $what }
entry-system = System
entry-case = Case
entry-rules = Rule that allowed it
entry-number = Request number
entry-place = Place in the journal
entry-unknown-body = Unknown body
entry-representative = A person acting for you
entry-possible = How this request ended is not known. Your data may have been shown.
entry-relative = Your data stood in an answer about somebody else or about several people.
entry-unexpected = If you did not expect this, give the help desk the request number.

## Rules
policies-title = Who may see what
policies-lead = What no rule allows is forbidden. Where one rule allows and another forbids, it is forbidden.
policies-count = { $n ->
    [one] { $n } rule in force
   *[other] { $n } rules in force
  }
policies-bundle = Version
policies-withheld = The rules cannot be shown to you.
policies-pages = Pages of the rules
page-before = Previous
page-after = Next
rule-permit = Allowed
rule-forbid = Forbidden
rule-lapsed = no longer in force
rule-who = Who
rule-does = May do
rule-does-not = May not do
rule-data = To what
rule-when = When
rule-always = always
rule-law = Under
rule-owner = Answers for it
rule-until = Until
rule-no-end = no end date
rule-mask = How it is shown
rule-text = Exact text
who-anyone = anyone
who-person = an applicant
who-official = an official
who-system = a system of another body
does-any = anything
does-invoke = use the service
does-submit = send something to the service
does-disclose = receive data in any form
does-view = see in full
does-viewMasked = see in part
does-verify = ask yes or no
does-readJournal = read the journal
does-checkDocument = check a document
data-any = everything
data-facet = data
data-operation = a service
data-document = a document
when-purpose = for the purpose: { $what }
when-own = it is about themselves
when-case = there is an open case
when-consent = the person has consented
when-mandate = they are entitled to act for the person
when-assurance = signed in with strength { $n } or more
when-training = post and training are valid
when-minor = it depends on whether the person is a minor
when-public = the service shows no personal data
when-except = with exceptions that the exact text names
when-other = further conditions in the exact text
mask-redacted = hidden by a fixed sign
mask-band = only a range
mask-pseudonym = a substitute name
mask-partial = only a part
mask-last4 = only the last four characters

## Services
services-title = Services
services-lead = The register of e-services: what there is, who gives it and within which time.
services-empty = There are no services yet.
desk-title = Your working case
desk-now = Now: { $what }
desk-text = You see other people’s data only for a purpose and within a case. What you name here goes with each of your requests until you name another or sign out. Leave both fields empty to put it away.
desk-purpose = Purpose, by its code
desk-case = Case number
desk-save = Work on this
service-agency = Given by
service-kind = Kind
service-kind-information = information
service-kind-interactive = with an application or an account
service-term = Term
term-now = at once
term-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
  }
service-regulation = Regulation
service-regulation-number = No. { $what }
service-open = Open
service-operations = Addresses and who they are open to
access-open = open to everyone
access-sign-in = after signing in
access-strong = after signing in with a second step

## Checking a document
check-title = Check a document
check-lead = Find out whether a document was issued by a state body through this portal, and whether it still stands.
check-by-code = By the code on the paper
check-code-text = The code stands beside the square code of the seal: 27 letters and digits.
check-code = Code
check-button = Check the code
check-by-file = By the file
check-file-text = Only the file proves that no letter was changed. It is looked at and not kept.
check-file = PDF file
check-button-file = Check the file
check-no-file = No file came with the form, or it could not be read. Choose the PDF and try again.
check-too-large = The file is larger than 20 MB.
check-too-many = { $n ->
    [one] Too many attempts. Wait { $n } second and try again.
   *[other] Too many attempts. Wait { $n } seconds and try again.
  }
check-host = Check documents only here, at { $what }. A page at any other address proves nothing, whatever it shows.
check-another = Check another document
verdict-genuine = The document is genuine
verdict-genuine-text = It was sealed by the body named below, and not a byte was changed since.
verdict-genuine-advice = Look whether it is the document you were told it is: the file itself says so.
verdict-registered = There is such a document
verdict-registered-text = A document with this code was issued. That does not yet say that the paper in your hand is that document.
verdict-registered-advice = Type the access code printed on the paper, and compare what you see with the paper; or check the file.
verdict-revoked = The document was revoked
verdict-revoked-text = It was issued, and the body that issued it has withdrawn it since. It does not count any more.
verdict-revoked-advice = Ask its holder for a new one, or ask the body that issued it.
verdict-altered = The document was altered
verdict-altered-text = It carries a seal of this portal, but the file is not what was sealed.
verdict-altered-advice = Do not rely on it. Ask its holder for the file as they received it.
verdict-not-ours = The document was not sealed here
verdict-not-ours-text = The file carries no seal of this portal. It may come from elsewhere; nothing is known of it here.
verdict-not-ours-advice = Ask whoever issued it how it can be checked.
verdict-foreign = The document was signed by someone else
verdict-foreign-text = The file carries a signature that is not a seal of this portal. What can be said of it stands below.
verdict-unknown = Nothing is known of this code
verdict-unknown-text = No document has this code, or it was mistyped.
verdict-unknown-advice = Compare the code with the paper letter by letter and try again. If it is the same, the paper was not issued here.
verdict-kind = Document
verdict-integrity = Content
integrity-intact = as it was sealed, to the last byte
integrity-altered = not as it was sealed
integrity-unchecked = not looked at: only the code was checked
verdict-status = Status
status-valid = in force, as of { $what }
status-revoked = revoked on { $what }
verdict-issuer = Issued by
verdict-certificate = Certificate
verdict-registered-at = Entered in the log
registered-at = { $what }, entry { $index }
verdict-receipt = Receipt, to prove this later without asking here
foreign-signature = Signature
foreign-intact = over this file as it stands
foreign-broken = does not hold for this file
foreign-trust = Signer
foreign-trusted = certified by an authority that is trusted here
foreign-untrusted = not known here
foreign-signer = Certificate
access-title = You hold the paper?
access-text = The access code stands below the code of the seal: two groups of four characters. It shows you part of what the document says, and the original. The holder sees in their account that the document was opened.
access-code = Access code
access-button = Open the document
access-wrong = This is not the access code of this document. After a few attempts you have to wait.

## A document in hand
document-title = Document
document-lead = Compare this with the paper in your hand. Parts are hidden; what is shown must be the same.
document-revoked = This document was revoked on { $what }. It does not count any more.
document-number = Number
document-issued = Issued
document-original = Open the original
document-original-text = The original is the PDF as it was issued. It can be checked by anyone, also without this portal.
document-journaled = That the document was opened has been written down, and its holder can see it.
detail-name = Name
detail-identifier = Number of the person
detail-address = Address
detail-civil-status = Civil status
detail-education = Education
detail-other = Also says

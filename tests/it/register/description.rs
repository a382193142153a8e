//! What a register refuses to be, with the line and what to do.

use super::{HEAD, open, problems, read};

#[test]
fn pa_24_an_operation_without_policy_or_contract_is_refused() {
    let text =
        format!("{HEAD}[[operation]]\nid = \"files.x\"\ncall = \"GET /x\"\nsubject = \"nobody\"\n");
    assert_eq!(
        problems(&text),
        [
            "a.toml:11: the operation does not say who it is open to; \
             write `who`, a list of kinds of principal",
            "a.toml:11: the operation has no response contract; \
             write an `[[operation.answer]]` with its mode",
        ]
    );
    let none = format!("{text}who = [\"anonymous\"]\nanswer = []\n");
    assert_eq!(problems(&none).len(), 1);
    let personal = open("files.x", "GET /x")
        .replace("anonymous", "official")
        .replace(
            "mode = \"public\"",
            "mode = \"fields\"\nfields.\"/a\" = \"public\"",
        );
    assert_eq!(
        problems(&format!("{HEAD}{personal}")),
        ["a.toml:11: `files.x` is open to official for no purpose; \
          add a line to `purposes`, or take them out of `who`"]
    );
}

#[test]
fn every_problem_of_a_file_is_told_at_once() {
    let text = r#"id = "files"
kind = "shop"
agency = "nobody"
regulation = { number = "1", term = 3 }
hosts = ["Portal.example:443"]
prefix = "/oauth2/x"
upstream = "files"
upstream_prefix = "/v1/../admin"
cors_origins = ["*"]
colour = "red"
names = { uz = "f", uzc = " ", ru = "f" }

[[operation]]
id = "other.read"
call = "FETCH /a"
who = ["person", "robot"]
subject = "path:pinfl"
assurance = 4

[[operation.answer]]
status = 304
mode = "some"

[[operation.answer]]
status = 200
mode = "fields"
fields = { "name" = "name", "/b" = "colour", "/a/*" = "name", "/a/b/c" = "name" }
"#;
    let expected = [
        "2: `kind`: `shop` is not known; write `information` or `interactive`",
        "3: `nobody` is no agency of the vocabulary; \
         correct it, or add the agency to `vocabulary.toml`",
        "4: unknown key `term`; remove it, or write one of `number`, `term_days`",
        "5: `hosts`: `Portal.example:443` has a port; \
         write one whole host name, in lower case, without port",
        "6: `prefix`: `/oauth2` is reserved for the gateway's own endpoints; \
         write a path such as `/pension`",
        "8: `upstream_prefix`: the path segment `..` is not plain text; \
         write a path such as `/pension`",
        "9: `cors_origins`: `*` is not an origin with `https`, exactly as browsers write it; \
         write an origin such as `https://app.example`",
        "10: unknown key `colour`; remove it, or write one of `agency`, `cors_origins`, `hosts`, \
         `id`, `kind`, `names`, `operation`, `prefix`, `regulation`, `upstream`, `upstream_prefix`",
        "11: `en` is missing; write `en`, a string",
        "11: `uzc` is empty; write the text",
        "15: `call`: `FETCH` is not known; write `GET /path/{capture}`",
        "16: `who`: `robot` is not known; write `anonymous`, `person`, `official` or `system`",
        "18: `assurance` is 4; write a number from 0 to 3",
        "21: `status` is 304; \
         write 200 to 599, but not 204, 205, 206 or 304: an answer has a body, whole",
        "22: `some` is no mode; write `public`, `whole` or `fields`",
        "27: `/a/b/c` and `/a/*` meet, and a place has one class; narrow one of them",
        "27: `colour` is no data class of the vocabulary; \
         correct it, or add the data class to `vocabulary.toml`",
        "27: `name` does not begin with `/`; write a selector such as `/relatives/*/name`",
    ];
    assert_eq!(
        problems(text),
        expected.map(|line| format!("a.toml:{line}"))
    );
}

#[test]
fn ad_06_what_two_descriptions_say_of_one_place_is_refused_with_its_line() {
    let one = format!("{HEAD}{}", open("files.read", "GET /{name}"));
    let two = format!(
        "{}{}",
        HEAD.replace("\"/files\"", "\"/files/deep\""),
        open("files.read", "GET /{other}")
    );
    assert_eq!(
        read(&[("a.toml", &one), ("b.toml", &two)]).unwrap_err(),
        [
            "b.toml:1: the e-service `files` is described twice; \
             rename one; the other stands in a.toml:1",
            "b.toml:6: the prefix `/files/deep` and `/files` of `files` cover each other on \
             `portal.example`; choose a prefix of its own",
            "b.toml:12: the operation `files.read` is described twice; \
             rename one; the other stands in a.toml:12",
        ]
    );
    let same = format!(
        "{HEAD}{}{}{}",
        open("files.a", "GET /{name}/x"),
        open("files.b", "GET /y/{part}"),
        open("files.c", "POST /y/{part}")
    );
    assert_eq!(
        problems(&same),
        [
            "a.toml:21: `GET /y/{part}` and `GET /{name}/x` of `files.a` match the same path; \
          make one segment of them different"
        ]
    );
}

#[test]
fn ad_06_a_key_given_twice_is_refused_with_its_line() {
    let text = format!("{HEAD}id = \"again\"\n");
    assert_eq!(
        problems(&text),
        ["a.toml:11: not TOML: duplicate key; correct the line"]
    );
}

/// The problems of a service whose only operation is this.
fn of_operation(text: &str) -> Vec<String> {
    let read = read(&[(
        "a.toml",
        &format!("{HEAD}[[operation]]\nid = \"files.x\"\n{text}"),
    )]);
    let what = |problem: &String| problem.split(": ").skip(1).collect::<Vec<_>>().join(": ");
    read.map(|_| ()).unwrap_err().iter().map(what).collect()
}

#[test]
fn an_answer_about_a_person_is_never_public() {
    let text = r#"call = "GET /{pinfl}"
who = ["person"]
subject = "path:pinfl"
purposes = [{ who = "person", purpose = "own.view" }]
answer = [{ status = 200, mode = "public" }]"#;
    let expected = ["`files.x` is about a person and has a `public` answer; \
                     use `fields` or `whole`, so that it is decided and recorded"];
    assert_eq!(of_operation(text), expected);
}

#[test]
fn a_contract_has_one_mode_and_an_answer_one_contract() {
    let text = r#"call = "GET /x"
who = ["anonymous"]
subject = "nobody"
answer = [
    { status = 200, mode = "public", fields = { "/a" = "public" } },
    { status = 200, mode = "fields", fields = { "/a" = "public" } },
]"#;
    let expected = [
        "unknown key `fields`; remove it, or write one of `media`, `mode`, `status`",
        "the answer 200 `application/json` has two contracts; keep one, with one mode",
    ];
    assert_eq!(of_operation(text), expected);
}

#[test]
fn a_question_is_about_a_classified_field_and_a_few_thresholds() {
    let text = r#"call = "GET /{pinfl}"
who = ["system"]
subject = "path:pinfl"
purposes = [{ who = "system", purpose = "benefit.assess", roles = ["clerk"] }]
verify = { name = "b", pointer = "/a", class = "income", is = "below", parameter = "n", thresholds = [] }
answer = [{ status = 200, mode = "fields", fields = { "/a" = "health" } }]"#;
    let expected = [
        "`files.x` asks about `/a`, which is not a field of its class; \
         list it in `fields` of each good answer with the question's class",
        "`clerk` is no role of the vocabulary; correct it, or add the role to `vocabulary.toml`",
        "the question allows no threshold; \
         write `thresholds`, the few numbers that may be asked for",
    ];
    assert_eq!(of_operation(text), expected);
}

#[test]
fn data_of_a_person_has_a_subject() {
    let text = r#"call = "GET /list"
who = ["official"]
subject = "answer"
purposes = [{ who = "official", purpose = "pension.assess" }]

[[operation.answer]]
status = 200
mode = "fields"
subjects = { "/rows/*" = "/pinfl" }
fields = { "/total" = "public", "/rows/*/income" = "income", "/best/income" = "income" }

[[operation.answer]]
status = 200
media = "application/pdf"
mode = "whole"
classes = ["income"]"#;
    let expected = [
        "`files.x` answers `/best/income`, which is nobody's; \
         bind a subtree around it in `subjects`, or say in `subject` whose it is",
        "`files.x` names no person and has a `whole` answer; \
         say in `subject` whose data it is, or declare it `public`",
    ];
    assert_eq!(of_operation(text), expected);
}

#[test]
fn no_operation_lets_through_what_the_gateway_says_itself() {
    for header in [
        "muhrdor-assertion",
        "x-forwarded-for",
        "cookie",
        "authorization",
        "Accept",
    ] {
        let text = format!(
            "call = \"GET /x\"\nwho = [\"anonymous\"]\nsubject = \"nobody\"\n\
             request_headers = [\"{header}\"]\nanswer = [{{ status = 200, mode = \"public\" }}]"
        );
        assert_eq!(of_operation(&text).len(), 1, "{header}");
    }
}

#[test]
fn pages_of_the_house_and_its_endpoints_are_no_services_prefix() {
    for prefix in [
        "/oauth2",
        "/.well-known/x",
        "/verify",
        "/tsa",
        "/tlog",
        "/notary",
        "/my",
        "/",
    ] {
        let text = format!("{HEAD}{}", open("files.x", "GET /x"));
        let text = text.replace("prefix = \"/files\"", &format!("prefix = \"{prefix}\""));
        assert_eq!(problems(&text).len(), 1, "{prefix}");
    }
}

#[test]
fn pa_18_a_host_pattern_is_refused() {
    for host in [
        "*.example",
        "portal.ex.mple$",
        "(portal|app).example",
        "portal.example.",
    ] {
        let text = format!("{HEAD}{}", open("files.root", "GET /"));
        let text = text.replace("[\"portal.example\"]", &format!("[\"{host}\"]"));
        assert!(read(&[("a.toml", &text)]).is_err(), "{host}");
    }
    let text = format!("{HEAD}{}", open("files.root", "GET /")).replace("portal.", "*.portal.");
    assert_eq!(
        problems(&text),
        [
            "a.toml:5: `hosts`: `*.portal.example` is a pattern, and hosts are matched whole; \
          write one whole host name, in lower case, without port"
        ]
    );
}

#[test]
fn a_stream_that_could_carry_personal_data_is_refused() {
    let events = "media = \"text/event-stream\"\n";
    let public = open("files.x", "GET /x").replace("mode", &format!("{events}mode"));
    assert!(read(&[("a.toml", &format!("{HEAD}{public}"))]).is_ok());
    let mend = "a contract for each record of a stream is not built: stream only what is `public`";
    let personal = public
        .replace("\"nobody\"", "\"self\"")
        .replace("anonymous", "person")
        .replace(
            "[[operation.answer]]",
            "purposes = [{ who = \"person\", purpose = \"own.view\" }]\n[[operation.answer]]",
        );
    for (mode, more) in [
        ("whole", "classes = [\"name\"]"),
        ("fields", "fields.\"/a\" = \"name\""),
    ] {
        let mode_is = format!("mode = \"{mode}\"\n{more}");
        let text = personal.replace("mode = \"public\"", &mode_is);
        let told = problems(&format!("{HEAD}{text}"));
        let wanted = format!("a.toml:11: `files.x` streams events in mode `{mode}`; {mend}");
        assert!(told.contains(&wanted), "{told:?}");
    }
    let silent = open("files.x", "GET /x").replace("subject", "stream_idle_ms_max = 5\nsubject");
    assert_eq!(
        problems(&format!("{HEAD}{silent}")),
        [
            "a.toml:11: `files.x` bounds the silence of a stream and has none; \
          remove `stream_idle_ms_max`, or answer `text/event-stream`"
        ]
    );
}

#[test]
fn a_websocket_is_public_about_nobody_and_leads_to_an_upstream() {
    let open = open("files.x", "GET /x").replace("subject", "upgrade = \"websocket\"\nsubject");
    assert!(read(&[("a.toml", &format!("{HEAD}{open}"))]).is_ok());
    let writes = open.replace(
        "subject",
        "effect = \"write\"\nsubprotocols = [\"v1\"]\nsubject",
    );
    assert!(read(&[("a.toml", &format!("{HEAD}{writes}"))]).is_ok());
    let told = |text: &str| problems(&format!("{HEAD}{text}")).join("; ");
    for (from, to, problem) in [
        ("GET /x", "POST /x", "with another method than GET"),
        ("\"nobody\"", "\"self\"", "could carry personal data"),
        ("\"websocket\"", "\"h2c\"", "`h2c` is nothing to go on as"),
        (
            "upgrade = \"websocket\"",
            "subprotocols = [\"v1\"]",
            "subprotocols of what is no WebSocket",
        ),
        (
            "upgrade = \"websocket\"",
            "stream_ms_max = 5",
            "bounds a tunnel and has none",
        ),
        (
            "upgrade",
            "subprotocols = [\"a b\"]\nupgrade",
            "`a b` is not a token",
        ),
    ] {
        let told = told(&open.replace(from, to));
        assert!(told.contains(problem), "{told}");
    }
}

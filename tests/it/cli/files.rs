//! The verbs about what is written: config, bundle, keys.

use std::fs;

use serde_json::json;

use super::{Site, run};

#[test]
fn keys_are_made_once_and_listed_with_what_they_are() {
    let site = Site::bare();
    let made = site.run(&["keys", "init"]).exits(0);
    made.says(&["/keys/assertion", "/keys/vault", "/store/journal.sqlite"]);
    let again = site.run(&["keys", "init", "--json"]).exits(0);
    assert_eq!(again.json(), json!({ "made": [] }));
    let listed = site.run(&["keys", "list"]).exits(0);
    for (line, key) in listed.output.lines().zip([
        ("assertion", "ES256"),
        ("documents", "Ed25519"),
        ("journal", "Ed25519"),
        ("pseudonym", "secret"),
        ("seal-civil-registry", "ES256"),
        ("seal-pension-fund", "ES256"),
        ("tsa", "ES256"),
        ("vault", "secret"),
        ("verdict", "ES256"),
    ]) {
        assert!(line.starts_with(key.0) && line.contains(key.1), "{line}");
    }
    let listed = site.run(&["keys", "list", "--json"]).exits(0).json();
    assert_eq!(listed.as_array().unwrap().len(), 9);
    let set = site.run(&["keys", "jwks"]).exits(0);
    let key = &set.json()["keys"][0];
    assert_eq!(
        (&key["kid"], &key["crv"]),
        (&listed[0]["id"], &json!("P-256"))
    );
    assert!(key.get("d").is_none());
}

#[test]
fn the_trust_file_has_what_third_parties_check_with_and_nothing_secret() {
    let site = Site::made();
    let said = site.run(&["keys", "trust"]).exits(0);
    let trust = said.json();
    assert_eq!(trust["logs"].as_array().unwrap().len(), 2);
    assert_eq!(trust["anchors"].as_array().unwrap().len(), 1);
    assert_eq!(trust["witnesses"], json!({ "quorum": 0, "keys": [] }));
    assert!(trust["keys"]["keys"][0].get("d").is_none());
    fs::write(site.path("trust.json"), &said.output).unwrap();
    fs::write(site.path("none.pdf"), "no PDF").unwrap();
    let (file, trust) = (site.path("none.pdf"), site.path("trust.json"));
    let words = [file.to_str().unwrap(), "--trust", trust.to_str().unwrap()];
    run(&[&["verify"], &words[..]].concat())
        .exits(1)
        .says(&["not sealed by this portal"]);
}

#[test]
fn keys_init_makes_the_folders_of_the_stores_and_closes_them_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let site = Site::bare();
    for folder in ["store", "lock"] {
        fs::remove_dir(site.path(folder)).unwrap();
    }
    site.run(&["keys", "init"]).exits(0);
    for folder in ["keys", "store", "lock"] {
        let mode = fs::metadata(site.path(folder))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
}

#[test]
fn keys_that_are_not_there_are_named_with_what_makes_them() {
    let site = Site::bare();
    let said = site.run(&["keys", "list"]).exits(3);
    said.says(&["/keys` does not exist; create it with `muhrdor keys init`"]);
    let site = Site::made();
    for entry in fs::read_dir(site.path("keys")).unwrap().map(Result::unwrap) {
        if entry.file_name().to_str().unwrap().starts_with("vault.") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    let said = site
        .run(&["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        .exits(3);
    said.says(&["no key `vault`", "muhrdor keys init"]);
}

#[test]
fn a_sound_gateway_has_no_problem() {
    let site = Site::made();
    assert_eq!(site.run(&["check"]).exits(0).output, "no problem found\n");
    assert_eq!(site.run(&["check", "--json"]).exits(0).json(), json!([]));
}

#[test]
fn problems_of_the_config_are_told_with_file_and_line() {
    let site = Site::made();
    let line = site.change("gateway.toml", "[clock]\ntrust", "[clock]\ntrsut");
    let place = format!("{}:{}: ", site.config.display(), line + 1);
    let said = site.run(&["check"]).exits(1).says(&["`trsut`", " found"]);
    assert!(
        said.output.lines().any(|line| line.starts_with(&place)),
        "{}",
        said.output
    );
    let problems = site.run(&["check", "--json"]).exits(1).json();
    let of_line = |problem: &&serde_json::Value| problem["line"] == line + 1;
    let problem = problems
        .as_array()
        .unwrap()
        .iter()
        .find(of_line)
        .unwrap()
        .clone();
    assert_eq!(problem["file"], json!(site.config));
    assert!(
        problem["what"].is_string() && problem["mend"].is_string(),
        "{problem}"
    );
    // Whoever wanted something else of this config is told the same, and that it was not done.
    let said = site.run(&["keys", "list"]).exits(3);
    assert_eq!(said.output, "");
    assert!(
        said.errors.lines().any(|line| line.starts_with(&place)),
        "{}",
        said.errors
    );
}

#[test]
fn a_missing_file_of_the_config_is_a_problem_in_its_line() {
    let site = Site::made();
    fs::remove_file(site.path("tls/server.key")).unwrap();
    site.run(&["check"])
        .exits(1)
        .says(&["gateway.toml:28: ", "tls/server.key", "put it there"]);
    fs::remove_dir_all(site.path("keys")).unwrap();
    site.run(&["check"])
        .exits(1)
        .says(&["/keys` cannot be reached", "muhrdor keys init"]);
    let said = site.run(&["serve"]).exits(3).says(&["gateway.toml:28: "]);
    assert_eq!(said.output, "");
}

#[test]
fn a_config_that_cannot_be_read_ends_every_verb() {
    for words in [
        &["check"][..],
        &["keys", "list"],
        &["serve"],
        &["journal", "verify"],
    ] {
        let words = [words, &["--config", "no/such.toml"]].concat();
        run(&words)
            .exits(3)
            .says(&["no/such.toml", "cannot be read", "--config"]);
    }
}

#[test]
fn an_unknown_word_of_the_bundle_is_a_problem_in_its_line() {
    let site = Site::made();
    let from = "purpose = \"own.view\"";
    let text = site.text("policies/tests/applicants.toml");
    let line = text.lines().position(|line| line.contains(from)).unwrap() + 1;
    let text = text.replacen(from, "puropse = \"own.view\"", 1);
    fs::write(site.path("policies/tests/applicants.toml"), text).unwrap();
    let place = format!("tests/applicants.toml:{line}: ");
    site.run(&["check"]).exits(1).says(&[&place, "`puropse`"]);
    site.run(&["policy", "test"]).exits(1).says(&[&place]);
    let said = site.run(&["policy", "test", "--json"]).exits(1).json();
    assert_eq!(said["problems"][0]["line"], line);
}

#[test]
fn the_bundles_tests_are_counted_and_a_wrong_one_is_shown() {
    let site = Site::bare();
    let all = site
        .run(&["policy", "test"])
        .exits(0)
        .says(&["checks hold", "ok   anyone reads"]);
    let alone = program_on_bundle(&site, &["policy", "test"]).exits(0);
    assert_eq!(all.output, alone.output);
    let line = site.change(
        "policies/tests/applicants.toml",
        "name = \"anyone reads an information service\"\nwho = \"anonymous\"",
        "name = \"anyone reads an information service\"\nwho = \"karima\"",
    );
    let text = site.text("policies/tests/applicants.toml");
    let expected = "expect = { gate = \"allowed\" }\nby = [\"information-for-everyone\"]";
    let text = text.replacen(expected, "expect = { gate = \"case_closed\" }", 1);
    fs::write(site.path("policies/tests/applicants.toml"), text).unwrap();
    let place = format!(
        "tests/applicants.toml:{}: allowed, not `case_closed`",
        line - 1
    );
    site.run(&["policy", "test"])
        .exits(1)
        .says(&["FAIL anyone reads", &place]);
    let said = site.run(&["policy", "test", "--json"]).exits(1).json();
    assert_eq!(said["failed"], 1);
}

#[test]
fn questions_are_answered_by_rules_with_their_titles() {
    let site = Site::bare();
    let questions = site.path("policies/tests/applicants.toml");
    let questions = questions.to_str().unwrap();
    let words = ["policy", "explain", questions, "--only", "anyone reads"];
    let said = program_on_bundle(&site, &words).exits(0);
    said.says(&[
        "anyone reads an information service",
        "permit information-for-everyone: ",
    ]);
    let words = [&words[..], &["--json"]].concat();
    let said = program_on_bundle(&site, &words).exits(0).json();
    assert_eq!(said[0]["why"]["outcome"][0], "allowed");
    let none = ["policy", "explain", questions, "--only", "no such thing"];
    program_on_bundle(&site, &none)
        .exits(1)
        .says(&["no question of that name"]);
    let lost = ["policy", "explain", "no/such.toml"];
    program_on_bundle(&site, &lost)
        .exits(3)
        .says(&["`no/such.toml` cannot be read"]);
    run(&["policy", "test", "--bundle", "no/such"])
        .exits(3)
        .says(&["`no/such` is not a bundle"]);
}

#[test]
fn questions_that_do_not_read_are_told_at_their_own_place() {
    let site = Site::bare();
    fs::write(
        site.path("asked.toml"),
        "suite = \"x\"\nclock = 3\ncheck = []\n",
    )
    .unwrap();
    let asked = site.path("asked.toml");
    let words = ["policy", "explain", asked.to_str().unwrap()];
    let place = format!("{}:2: ", asked.display());
    program_on_bundle(&site, &words).exits(1).says(&[&place]);
}

#[test]
fn what_an_upstreams_protocol_cannot_carry_is_told_at_its_line_by_check_and_by_serve() {
    let site = Site::made();
    let service = "policies/services/pension-fund.toml";
    let shipped = site.text(service);
    let config = site.text("gateway.toml");
    let section = "[upstreams.pension-fund]\n";
    let place = |text: &str, part: &str| {
        let before = text.split_once(part).unwrap().0;
        format!("gateway.toml:{}: ", before.matches('\n').count() + 1)
    };
    let http2 = config.replace(section, &format!("{section}protocol = \"http2\"\n"));
    let (chat, ask) = ("live.chat", "live.ask");
    for (operation, id, wrong, right, at, told) in [
        (
            CHAT,
            chat,
            &http2,
            &config,
            "protocol =",
            "goes on as a WebSocket, and `pension-fund` is spoken to in `http2`",
        ),
        (
            ASK,
            ask,
            &config,
            &http2,
            section,
            "is a method of gRPC, and `pension-fund` is spoken to in `http1`",
        ),
    ] {
        fs::write(site.path(service), format!("{shipped}{operation}")).unwrap();
        fs::write(site.path("gateway.toml"), right).unwrap();
        site.run(&["check"]).exits(0).says(&["no problem found"]);
        fs::write(site.path("gateway.toml"), wrong).unwrap();
        let told = format!("{}`pension-fund.{id}` {told}; write ", place(wrong, at));
        let said = site.run(&["check"]).exits(1);
        said.says(&[&told, "1 problem found"]);
        let anywhere = ["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
        site.run(&anywhere).exits(3).says(&[&told]);
    }
}

fn program_on_bundle(site: &Site, words: &[&str]) -> super::Said {
    let bundle = site.path("policies");
    run(&[words, &["--bundle", bundle.to_str().unwrap()]].concat())
}

const CHAT: &str = r#"
[[operation]]
id = "pension-fund.live.chat"
call = "GET /live/chat"
who = ["person"]
subject = "nobody"
upgrade = "websocket"

[[operation.answer]]
status = 400
media = "text/plain"
mode = "public"
"#;

const ASK: &str = r#"
[[operation]]
id = "pension-fund.live.ask"
call = "POST /portal.Calls/Ask"
who = ["system"]
subject = "nobody"
effect = "read"
body = "streamed"

[[operation.answer]]
status = 200
media = "application/grpc"
mode = "public"
"#;

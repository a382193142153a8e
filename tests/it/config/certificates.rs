//! Client certificates that sign in, as the operator writes them.

use muhrdor::domain::principal::AcrRank;
use muhrdor::identity::certificate::{Demand, Holder, Place, Source};

use super::{line_of, problems, read};

const PEOPLE: &str = r#"
[certificates.people]
kind = "person"
realm = "applicants"
authorities = "people.pem"
between = "between.pem"
names = { pinfl = "subject:1.2.860.3.16.1.2", name = "subject:2.5.4.3" }
assurance = 3
crl = "soft"
crls = ["https://lists.example/people.crl"]
ocsp = "hard"
ocsp_responder = "https://lists.example/ocsp"
ocsp_ms_max = 500

[certificates.staff]
kind = "official"
realm = "officials"
authorities = "staff.pem"
assurance = 2
crl = "off"
ocsp = "off"
agencies = { "200000001" = "pension-fund" }

[certificates.staff.names]
pinfl = "other-name:1.2.860.3.16.1.2"
name = "subject:2.5.4.3"
official = "uri:urn:uz:official:"
agency = "subject:1.2.860.3.16.1.1"
position = "subject:2.5.4.12"
"#;

fn with_people() -> String {
    let demo = super::demo_text();
    let allowed = "allow = [\"lists.example:443\", ";
    format!("{}{PEOPLE}", demo.replacen("allow = [", allowed, 1))
}

#[test]
fn each_kind_of_principal_is_found_where_the_operator_says() {
    let config = read(&with_people()).unwrap();
    let [systems, people, staff] = config.certificates.as_slice() else {
        panic!("{:?}", config.certificates);
    };
    assert_eq!(systems.lists.demand, Demand::Hard);
    assert!(matches!(systems.lists.sources[0], Source::File(_)));
    assert_eq!(people.assurance, AcrRank::new(3).unwrap());
    assert_eq!(
        (people.lists.demand, people.ocsp.demand),
        (Demand::Soft, Demand::Hard)
    );
    assert_eq!(people.ocsp.ms_max, 500);
    assert!(people.between.is_some());
    let list = "https://lists.example/people.crl".to_owned();
    assert_eq!(people.lists.sources, [Source::Address(list)]);
    let Holder::Person { realm, pinfl, .. } = &people.holder else {
        panic!("{:?}", people.holder);
    };
    assert_eq!(realm.as_str(), "applicants");
    assert_eq!(*pinfl, Place::parse("subject:1.2.860.3.16.1.2").unwrap());
    let Holder::Official { agencies, .. } = &staff.holder else {
        panic!("{:?}", staff.holder);
    };
    assert_eq!(agencies["200000001"].as_str(), "pension-fund");
}

#[test]
fn nothing_is_assumed_of_a_certificate() {
    let line = line_of("[certificates.systems]");
    for missing in ["crl", "ocsp", "kind", "assurance", "authorities", "number"] {
        let demo = super::demo_text();
        let (before, section) = demo.split_once("[certificates.systems]\n").unwrap();
        let key = format!("{missing} = ");
        let without: Vec<_> = section.lines().collect();
        let at = without
            .iter()
            .position(|line| line.starts_with(&key))
            .unwrap();
        let kept: Vec<_> = without
            .iter()
            .enumerate()
            .filter(|(n, _)| *n != at)
            .collect();
        let kept: Vec<&str> = kept.into_iter().map(|(_, line)| *line).collect();
        let told = read(&format!(
            "{before}[certificates.systems]\n{}",
            kept.join("\n")
        ));
        let told = told.map(|_| ()).unwrap_err();
        let wanted = format!("conf/gateway.toml:{line}: `{missing}` is missing");
        assert!(
            told.iter().any(|problem| problem.contains(&wanted)),
            "{missing}: {told:?}"
        );
    }
}

#[test]
fn what_cannot_be_meant_is_told_with_its_line() {
    for (from, to, told) in [
        ("crl = \"hard\"", "crl = \"off\"", "nobody reads `crls`"),
        ("crl = \"hard\"", "crl = \"maybe\"", "`maybe` is no demand"),
        (
            "crls = [\"../../muhrdor-demo/tls/systems.crl\"]\n",
            "",
            "there is no list in `crls`",
        ),
        (
            "\"../../muhrdor-demo/tls/systems.crl\"",
            "\"http://lists.example/a\"",
            "neither `https`",
        ),
        (
            "\"../../muhrdor-demo/tls/systems.crl\"",
            "\"https://lists.example/a\"",
            "not within `egress",
        ),
        (
            "ocsp = \"off\"\n\n[certificates",
            "ocsp = \"hard\"\n\n[certificates",
            "no responder to ask",
        ),
        (
            "number = \"subject:1.2.860.3.16.1.1\"",
            "number = \"CN\"",
            "`CN` is no place",
        ),
        (
            "assurance = 3\ncrl",
            "assurance = 4\ncrl",
            "`assurance` is 4",
        ),
        (
            "kind = \"system\"",
            "kind = \"robot\"",
            "`robot` is no kind",
        ),
        (
            "kind = \"system\"",
            "kind = \"person\"",
            "`names` is missing",
        ),
        (
            "crl = \"hard\"",
            "crl = \"hard\"\ncrl_list = 1",
            "unknown key `crl_list`",
        ),
    ] {
        let found = problems(from, to);
        assert!(
            found.iter().any(|problem| problem.contains(told)),
            "{to}: {found:?}"
        );
    }
    let twice = "\n[certificates.systems.systems.other]\nnumber = \"300000001\"\nagency = \"a\"\n";
    let found = read(&format!("{}{twice}", super::demo_text()))
        .map(|_| ())
        .unwrap_err();
    assert!(
        found[0].contains("two systems have one `number`"),
        "{found:?}"
    );
}

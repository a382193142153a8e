//! Listeners, whom they believe, and what each host shows.

use super::{demo_text, read};

#[test]
fn who_is_believed_is_read_with_every_slip() {
    let listen = |lines: &str| demo_text().replace("[listen]\n", &format!("[listen]\n{lines}\n"));
    let config = read(&listen(
        "trusted_proxies = [\"10.0.0.0/8\", \"2001:db8::1\"]\nproxy_protocol = \"v1v2\"",
    ))
    .unwrap();
    assert!(
        config
            .listen
            .proxies
            .trust("::ffff:10.1.1.1".parse().unwrap()),
        "PA-19"
    );
    assert!(
        !config
            .listen
            .proxies
            .trust("::ffff:192.0.2.1".parse().unwrap()),
        "PA-19"
    );
    for (lines, told) in [
        (
            "trusted_proxies = [\"10.1.0.0/8\"]",
            "is not a range of addresses",
        ),
        (
            "trusted_proxies = [\"0.0.0.0/0\"]",
            "`0.0.0.0/0` is everyone",
        ),
        ("trusted_proxies = [\"::/0\"]", "`::/0` is everyone"),
        (
            "proxy_protocol = \"v2\"",
            "is no version of the PROXY protocol",
        ),
        (
            "proxy_protocol = \"v1v2\"",
            "nobody may open a connection with a PROXY header",
        ),
        ("trusted_proxys = []", "unknown key `trusted_proxys`"),
    ] {
        let problems = read(&listen(lines)).map(|_| ()).unwrap_err();
        assert!(problems.concat().contains(told), "{lines}: {problems:?}");
        assert!(problems.concat().contains("gateway.toml:"), "{problems:?}");
    }
}

#[test]
fn what_hosts_show_is_read_with_every_slip() {
    let host = |name: &str, more: &str| {
        let text = demo_text();
        format!("{text}\n[hosts.\"{name}\"]\ncertificate = \"a\"\nkey = \"b\"\n{more}\n")
    };
    let config = read(&host("*.Services.example", "client_authorities = \"c\"")).unwrap();
    assert_eq!(config.hosts[1].host.to_string(), "*.services.example");
    for (name, more, told) in [
        ("localhost", "", "`localhost` stands twice"),
        ("LOCALHOST.", "", "`localhost` stands twice"),
        ("*.example", "", "`*.example` is no host"),
        ("a.example:443", "", "is no host"),
        (
            "a.example",
            "client_certificate = \"required\"",
            "no client certificate could hold",
        ),
        (
            "a.example",
            "client_authorities = \"c\"\nclient_certificate = \"on\"",
            "is no way",
        ),
        ("a.example", "staples = \"c\"", "unknown key `staples`"),
    ] {
        let problems = read(&host(name, more)).map(|_| ()).unwrap_err();
        assert!(
            problems.concat().contains(told),
            "{name} {more}: {problems:?}"
        );
    }
}

//! What the operator writes: every problem at once, secrets closed to others.

mod certificates;
mod doors;
mod limits;
mod spans;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use muhrdor::config::{self, Claims, Config, Overrides, SecretFile, Store};
use muhrdor::domain::name::UpstreamName;
use muhrdor::upstream::{Endpoint, PeerName, Protocol};

fn demo_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/demo/gateway.toml")
}

fn demo_text() -> String {
    fs::read_to_string(demo_file()).unwrap()
}

fn read(text: &str) -> Result<Config, Vec<String>> {
    Config::read(
        Path::new("conf/gateway.toml"),
        text.as_bytes(),
        &Overrides::default(),
    )
    .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// The problems of the demo's config with one thing replaced.
fn problems(from: &str, to: &str) -> Vec<String> {
    let text = demo_text();
    assert!(text.contains(from), "{from}");
    read(&text.replacen(from, to, 1)).map(|_| ()).unwrap_err()
}

fn line_of(part: &str) -> usize {
    demo_text()
        .lines()
        .position(|line| line.contains(part))
        .unwrap()
        + 1
}

#[test]
fn the_demos_config_holds_and_its_paths_are_relative_to_it() {
    let config = read(&demo_text()).unwrap();
    assert_eq!(config.portal.host, "localhost");
    assert_eq!(config.bundle_dir, Path::new("conf/../../policies"));
    assert_eq!(config.realms.len(), 2);
    assert!(
        config
            .realms
            .iter()
            .any(|r| matches!(r.claims, Claims::Official { .. }))
    );
    assert_eq!(config.issuers.first().unwrap().systems.len(), 4);
    assert_eq!(config.upstreams.len(), 2);
    assert!(matches!(config.store, Store::Embedded { .. }));
    let named = ["civil-registry", "tax-office"].map(|name| UpstreamName::parse(name).unwrap());
    let unaddressed = config.unaddressed(&named);
    assert_eq!(unaddressed.len(), 1);
    assert!(unaddressed.first().unwrap().what.contains("`tax-office`"));
}

#[test]
fn the_command_line_moves_the_listeners() {
    let overrides = Overrides {
        listen_public: Some("127.0.0.1:1".parse().unwrap()),
        listen_admin: Some("127.0.0.1:2".parse().unwrap()),
    };
    let config = Config::read(&demo_file(), demo_text().as_bytes(), &overrides).unwrap();
    assert_eq!(config.listen.public.port(), 1);
    assert_eq!(config.listen.admin.port(), 2);
}

#[test]
fn ad_06_every_problem_of_the_config_is_told_at_once_with_its_line() {
    let text = demo_text()
        .replace("[tls]", "[tsl]")
        .replace(
            "admin = \"127.0.0.1:8444\"",
            "admin = \"127.0.0.1\"\nadnim = 3",
        )
        .replace(
            "algorithms = [\"ES256\"]",
            "algorithms = [\"HS256\", \"none\"]",
        )
        .replace("trust = \"operator\"", "trust = \"everyone\"")
        .replace("requests_max = 60,", "");
    // One line more stands before those that follow `[listen]`.
    let after = |part: &str| line_of(part) + 1;
    let expected = [
        ": `tls` is missing; write `tls`, a table".to_owned(),
        format!(
            ":{}: `admin`: invalid socket address syntax; write `address:port`",
            line_of("admin = ")
        ),
        format!(
            ":{}: unknown key `adnim`; remove it, or write one of `admin`, `connections_max`, \
             `connections_per_block_max`, `control`, `handshakes_max`, `handshakes_per_block_max`, `proxy_protocol`, `public`, `trusted_proxies`",
            after("admin = ")
        ),
        format!(
            ":{}: unknown key `tsl`; remove it, or write one of `bundle`, `certificates`, `clock`, `egress`, \
             `facts`, `hosts`, `issuers`, `keys`, `limits`, `listen`, `notary`, `portal`, `realms`, `store`, \
             `streams`, `telemetry`, `timeouts`, `tls`, `upstreams`",
            after("[tls]")
        ),
        format!(
            ":{}: `algorithms`: `HS256` is no asymmetric signature algorithm known here; \
             write `ES256`, `ES384`, `PS256`, `RS256` or `EdDSA`",
            after("algorithms")
        ),
        format!(
            ":{}: `algorithms`: `none` is no asymmetric signature algorithm known here; \
             write `ES256`, `ES384`, `PS256`, `RS256` or `EdDSA`",
            after("algorithms")
        ),
        format!(
            ":{}: `requests_max` is missing; write `requests_max`, a whole number from 0 up",
            after("principal = ")
        ),
        format!(
            ":{}: `trust`: `everyone` is nobody to trust with the time; \
             write `kernel`, `references` or `operator`",
            after("trust = ")
        ),
    ];
    let expected: Vec<_> = expected
        .map(|line| format!("conf/gateway.toml{line}"))
        .into();
    assert_eq!(read(&text).unwrap_err(), expected);
}

#[test]
fn an_upstream_has_several_endpoints_its_own_tls_and_named_bounds() {
    let from = "[upstreams.pension-fund]\naddress = \"127.0.0.1:8452\"\n";
    let text = demo_text().replacen(
        from,
        "[upstreams.pension-fund]\naddresses = [\"a:1\", \"[::1]:2\"]\nprotocol = \"http2\"\n\
         tls = { roots = \"ca.pem\", name = \"spiffe://gov/pension\", certificate = \"c.pem\", \
         key = \"c.key\" }\nhealth = { path = \"/live\", every_ms = 100 }\n\
         ejection = { failures_max = 2 }\npending_max = 7\n",
        1,
    );
    let config = read(&text).unwrap();
    let name = UpstreamName::parse("pension-fund").unwrap();
    let upstream = &config.upstreams[&name];
    let endpoints = upstream.endpoints.iter().map(Endpoint::as_str);
    assert_eq!(endpoints.collect::<Vec<_>>(), ["a:1", "[::1]:2"]);
    let pool = &upstream.pool;
    assert_eq!((pool.protocol, pool.pending_max), (Protocol::Http2, 7));
    let tls = pool.tls.as_ref().unwrap();
    assert_eq!(
        tls.name,
        PeerName::Spiffe("spiffe://gov/pension".to_owned())
    );
    assert!(tls.identity.is_some());
    assert_eq!(pool.ejection.failures_max, 2);
    assert_eq!(pool.health.as_ref().unwrap().every_ms, 100);

    let first = |to: &str| problems(from, &format!("[upstreams.pension-fund]\n{to}\n")).remove(0);
    for (written, told) in [
        (
            "address = \"a:1\"\naddresses = [\"b:1\"]",
            "both `address` and `addresses`",
        ),
        (
            "addresses = []",
            "`addresses` has 0 of them; write from 1 to 1000",
        ),
        ("idle_ms_max = 5", "`address` is missing; write `address`"),
        (
            "address = \"a:1\"\nprotocol = \"http3\"",
            "`http3` is no protocol of an upstream",
        ),
        (
            "address = \"a:1\"\nhealth = { path = \"x\" }",
            "`x` is no path; write a path from `/`",
        ),
        (
            "address = \"a:1\"\ntls = { roots = \"r\", name = \"spiffe://gov\" }",
            "`spiffe://gov` is no name of a certificate",
        ),
        (
            "address = \"a:1\"\ntls = { name = \"a\" }",
            "`roots` is missing",
        ),
        (
            "address = \"a:1\"\nconnections_max = 0",
            "write a number from 1 to 100000",
        ),
    ] {
        let said = first(written);
        assert!(said.contains(told), "{said}");
    }
}

#[test]
fn ad_06_two_realms_of_one_issuer_are_refused() {
    let line = line_of("[realms.officials]");
    assert_eq!(
        problems("8450/officials", "8450/applicants"),
        [format!(
            "conf/gateway.toml:{line}: the issuer `http://127.0.0.1:8450/applicants` stands in \
             two sections; keep one of them"
        )]
    );
}

#[test]
fn secrets_go_only_where_egress_and_tls_let_them() {
    let line = line_of("[facts.pension-case-system]");
    assert_eq!(
        problems(", \"127.0.0.1:8453\"]", "]"),
        [format!(
            "conf/gateway.toml:{line}: `http://127.0.0.1:8453` is not within `egress.allow`; \
             add \"127.0.0.1:8453\" to `egress.allow`"
        )]
    );
    let line = line_of("address = \"http://127.0.0.1:8453\"");
    assert_eq!(
        problems("http://127.0.0.1:8453", "http://facts.example"),
        [format!(
            "conf/gateway.toml:{line}: `address`: `http://facts.example` is neither `https` nor \
             on this machine; write a URL with `https`"
        )]
    );
}

#[test]
fn a_lock_within_the_data_is_refused() {
    let problems = problems("muhrdor-demo/lock", "muhrdor-demo/store/lock");
    assert_eq!(problems.len(), 1);
    assert!(
        problems
            .concat()
            .contains("`lock_dir` lies within `data_dir`")
    );
}

#[test]
fn a_listener_has_an_address_of_its_own() {
    let problems = problems("admin = \"127.0.0.1:8444\"", "admin = \"127.0.0.1:8443\"");
    assert_eq!(problems.len(), 1);
    assert!(
        problems
            .concat()
            .contains("`admin` and `public` are both `127.0.0.1:8443`")
    );
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn dir(path: &Path, mode: u32) {
    fs::create_dir_all(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The demo's config with all that it names beside it.
fn installed() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    write(&at("deploy/demo/gateway.toml"), &demo_text(), 0o644);
    write(&at("muhrdor-demo/tls/server.pem"), "-", 0o644);
    write(&at("muhrdor-demo/tls/server.key"), "-", 0o600);
    for name in ["systems.pem", "systems.crl"] {
        write(&at("muhrdor-demo/tls").join(name), "-", 0o644);
    }
    write(&at("muhrdor-demo/secrets/portal.client"), "-", 0o600);
    write(&at("muhrdor-demo/secrets/facts.token"), "-", 0o600);
    for name in ["ca", "tsa", "seal-civil-registry", "seal-pension-fund"] {
        let path = format!("muhrdor-demo/documents/{name}.pem");
        write(&at(&path), "-", 0o644);
    }
    for name in ["keys", "store", "lock"] {
        dir(&at("muhrdor-demo").join(name), 0o700);
    }
    dir(&at("policies"), 0o755);
    root
}

#[test]
fn ad_06_a_secret_that_others_can_read_is_refused_with_the_line_that_names_it() {
    let root = installed();
    let file = root.path().join("deploy/demo/gateway.toml");
    assert_eq!(
        Config::load(&file, &Overrides::default()).map(|_| ()),
        Ok(())
    );
    write(&root.path().join("muhrdor-demo/tls/server.key"), "-", 0o640);
    dir(&root.path().join("muhrdor-demo/keys"), 0o755);
    fs::remove_file(root.path().join("muhrdor-demo/secrets/facts.token")).unwrap();
    let problems = config::check(&file, |_| Vec::new());
    let found: Vec<_> = problems
        .iter()
        .map(|p| (p.line as usize, p.what.clone()))
        .collect();
    let shown = |path: &str| file.parent().unwrap().join(path).display().to_string();
    assert_eq!(
        found,
        [
            (
                line_of("key = \"../../muhrdor-demo/tls"),
                format!(
                    "`{}` is open to others (mode 640)",
                    shown("../../muhrdor-demo/tls/server.key")
                )
            ),
            (
                line_of("[hosts.\"m2m.localhost\"]") + 2,
                format!(
                    "`{}` is open to others (mode 640)",
                    shown("../../muhrdor-demo/tls/server.key")
                )
            ),
            (
                line_of("folder ="),
                format!(
                    "`{}` is open to others (mode 755)",
                    shown("../../muhrdor-demo/keys")
                )
            ),
            (
                line_of("secret_file = "),
                format!(
                    "`{}` cannot be reached: No such file or directory (os error 2)",
                    shown("../../muhrdor-demo/secrets/facts.token")
                )
            ),
        ]
    );
}

#[test]
fn a_secret_is_read_without_its_line_break_and_only_when_closed() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("secret");
    let secret = SecretFile::new(path.clone());
    write(&path, "word\n", 0o600);
    assert_eq!(secret.read().unwrap().as_str(), "word");
    write(&path, "word\n", 0o604);
    let error = secret.read().unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "the secret `{}` is open to others (mode 604)",
            path.display()
        )
    );
    write(&path, "\n", 0o600);
    assert!(secret.read().unwrap_err().to_string().contains("is empty"));
}

#[test]
fn a_config_that_is_not_there_or_not_toml_is_told_plainly() {
    let problems = config::check(Path::new("no/such.toml"), |_| Vec::new());
    assert_eq!(
        problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "no/such.toml: the config cannot be read: No such file or directory (os error 2); \
          name a readable file with `--config`"
        ]
    );
    let broken = read("[portal\nurl = 3").unwrap_err();
    assert!(
        broken
            .iter()
            .all(|p| p.starts_with("conf/gateway.toml:1: not TOML: ")),
        "{broken:?}"
    );
}

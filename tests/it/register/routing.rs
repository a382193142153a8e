//! From a request to its operation.

use std::path::Path;

use http::Method;
use muhrdor::register::{Register, RouteError};
use muhrdor::wire::path::Target;
use proptest::collection::btree_set;
use proptest::{prop_assert_eq, proptest};

use super::{HEAD, known, open, read};

/// A register of one service at `/files`, forwarded to `/v1/files`.
fn files(operations: &[(&str, &str)]) -> Register {
    let text: String = operations.iter().map(|(id, call)| open(id, call)).collect();
    read(&[("a.toml", &format!("{HEAD}{text}"))]).unwrap()
}

fn sample() -> Register {
    files(&[
        ("files.root", "GET /"),
        ("files.read", "GET /{name}"),
        ("files.list", "GET /list"),
        ("files.write", "PUT /{name}"),
        ("files.part", "GET /{name}/parts/{part}"),
    ])
}

/// What a request comes to: the operation and its upstream target, or the refusal.
fn walk(register: &Register, host: &str, method: &str, target: &str) -> String {
    let Ok(target) = Target::parse(target.as_bytes()) else {
        return "bad_request".to_owned();
    };
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    match register.route(host, &method, &target) {
        Ok(route) => format!(
            "{} {}",
            route.operation().id,
            route.upstream_target().as_str()
        ),
        Err(RouteError::Method { allow }) => format!("method_not_allowed {allow}"),
        Err(error) => error.reason().to_string(),
    }
}

fn get(target: &str) -> String {
    walk(&sample(), "portal.example", "GET", target)
}

#[test]
fn a_request_has_the_most_literal_operation_and_its_upstreams_prefix() {
    assert_eq!(get("/files"), "files.root /v1/files");
    assert_eq!(get("/files/a.txt?v=1"), "files.read /v1/files/a.txt?v=1");
    assert_eq!(get("/files/list"), "files.list /v1/files/list");
    assert_eq!(
        get("/files/list/parts/2"),
        "files.part /v1/files/list/parts/2"
    );
    assert_eq!(get("/files/"), "unknown_operation");
    assert_eq!(get("/files/a/b"), "unknown_operation");
    assert_eq!(get("/other"), "unknown_operation");
}

#[test]
fn a_capture_is_decoded_and_stays_out_of_debug() {
    let target = Target::parse(b"/files/a%20b/parts/7").unwrap();
    let route = sample()
        .route("portal.example", &Method::GET, &target)
        .unwrap();
    assert_eq!(route.capture("name"), Some("a b"));
    assert_eq!(route.capture("part"), Some("7"));
    assert_eq!(route.capture("other"), None);
    assert!(!format!("{route:?}").contains("a b"));
}

#[test]
fn pa_01_the_query_is_no_part_of_the_path() {
    assert_eq!(get("/admin?x=/files/list"), "unknown_operation");
}

#[test]
fn pa_02_an_escaped_hash_stays_data() {
    assert_eq!(get("/files/a%23b"), "files.read /v1/files/a%23b");
    assert_eq!(get("/admin%23/files/list"), "unknown_operation");
    assert_eq!(get("/files/a%23/../list"), "bad_request");
}

#[test]
fn pa_06_and_pa_07_encoded_separators_are_refused_and_letters_are_decoded_first() {
    for target in [
        "/files%2f..%2fadmin",
        "/files%5cx",
        "/files/%2e%2e/admin",
        "/files/%00",
    ] {
        assert_eq!(get(target), "bad_request", "{target}");
    }
    assert_eq!(get("/%66iles/%6cist"), "files.list /v1/files/list");
}

#[test]
fn pa_08_what_is_matched_is_what_is_forwarded() {
    assert_eq!(get("/%66iles/a%2Fb"), "bad_request");
    assert_eq!(get("/%66iles/%61%7e"), "files.read /v1/files/a~");
}

#[test]
fn pa_09_a_prefix_ends_at_a_segment_and_no_rewrite_climbs() {
    assert_eq!(get("/files../admin"), "unknown_operation");
    assert_eq!(get("/files/../admin"), "bad_request");
    assert_eq!(get("/filesadmin"), "unknown_operation");
}

#[test]
fn pa_11_a_star_is_a_literal() {
    assert_eq!(get("/f*les"), "unknown_operation");
    assert_eq!(get("/files/l*st"), "files.read /v1/files/l*st");
    assert_eq!(
        walk(&sample(), "portal.example", "OPTIONS", "*"),
        "bad_request"
    );
}

#[test]
fn pa_12_and_pa_13_a_request_has_one_route_and_no_empty_segment() {
    for target in ["//files", "/files//list", "/files//../list"] {
        assert_eq!(get(target), "bad_request", "{target}");
    }
    assert_eq!(get("/files?a=1&a=2"), "files.root /v1/files?a=1&a=2");
}

#[test]
fn pa_16_paths_keep_their_case() {
    assert_eq!(get("/FILES/list"), "unknown_operation");
    assert_eq!(get("/files/LIST"), "files.read /v1/files/LIST");
}

#[test]
fn pa_23_only_the_operations_own_methods_reach_it() {
    let register = sample();
    let walk = |method: &str, target| walk(&register, "portal.example", method, target);
    assert_eq!(walk("HEAD", "/files/list"), "files.list /v1/files/list");
    assert_eq!(walk("PUT", "/files/list"), "files.write /v1/files/list");
    assert_eq!(
        walk("DELETE", "/files/a"),
        "method_not_allowed GET, HEAD, PUT"
    );
    for method in ["TRACE", "CONNECT", "FOO", "get", "OPTIONS"] {
        assert_eq!(
            walk(method, "/files/a"),
            "method_not_allowed GET, HEAD, PUT",
            "{method}"
        );
        assert_eq!(
            walk(method, "/files/a/b"),
            "method_not_allowed ",
            "{method}"
        );
    }
    assert_eq!(walk("DELETE", "/files/a/b"), "unknown_operation");
}

#[test]
fn t21_a_preflight_says_the_same_for_every_path_of_a_service() {
    let register = sample();
    let ask = |path: &str, origin: &str| {
        register.preflight(
            "portal.example",
            &Target::parse(path.as_bytes()).unwrap(),
            origin,
        )
    };
    let granted = ask("/files/list", "https://app.example").unwrap();
    assert_eq!(granted.origin, "https://app.example");
    assert_eq!(
        ask("/files/no/such/path", "https://app.example"),
        Some(granted)
    );
    assert_eq!(ask("/files/list", "https://app.example.evil"), None);
    assert_eq!(ask("/other", "https://app.example"), None);
}

#[test]
fn pa_18_hosts_are_matched_whole() {
    for host in [
        "portalxexample",
        "portal.example.evil",
        "evil-portal.example",
        "example",
        "",
    ] {
        assert_eq!(
            walk(&sample(), host, "GET", "/files"),
            "unknown_operation",
            "{host}"
        );
    }
}

#[test]
fn the_demos_register_holds() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/services");
    let register = Register::load(&dir, &known())
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())
        .unwrap();
    let path = "/pension/records/41507850211172/income?below=1000000";
    assert_eq!(
        walk(&register, "localhost", "GET", path),
        "pension-fund.income.verify /records/41507850211172/income?below=1000000"
    );
    assert!(register.operations().count() >= 9);
}

/// Whether a path matches a template, segment by segment, and how literally: the naive reading.
fn literal_segments(template: &str, path: &str) -> Option<Vec<bool>> {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    let segment = |(one, two): (&&str, &&str)| match one.starts_with('{') {
        true => (!two.is_empty()).then_some(false),
        false => (one == two).then_some(true),
    };
    (template.len() == path.len()).then(|| template.iter().zip(&path).map(segment).collect())?
}

proptest! {
    #[test]
    fn the_index_finds_what_a_naive_reading_finds(
        templates in btree_set("(/(a|b|\\{x\\}|\\{y\\})){1,3}", 1..6),
        path in "(/(a|b|c)){1,4}",
    ) {
        let text: String = templates
            .iter()
            .enumerate()
            .map(|(n, template)| open(&format!("files.{n}"), &format!("GET {template}")))
            .collect();
        let Ok(register) = read(&[("a.toml", &format!("{HEAD}{text}"))]) else {
            return Ok(());
        };
        let fits = templates.iter().enumerate().filter_map(|(n, template)| {
            literal_segments(template, &path).map(|literal| (literal, n))
        });
        let expected = match fits.max() {
            Some((_, n)) => format!("files.{n} /v1/files{path}"),
            None => "unknown_operation".to_owned(),
        };
        prop_assert_eq!(
            walk(&register, "portal.example", "GET", &format!("/files{path}")),
            expected
        );
    }
}

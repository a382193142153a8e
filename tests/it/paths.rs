//! Request targets: rows PA of the attack cases on [`Target`].

use muhrdor::wire::path::{QueryError, Target, TargetError};

fn refuses(rows: &[(&str, &str, TargetError)]) {
    for (id, raw, expected) in rows {
        assert_eq!(Target::parse(raw.as_bytes()), Err(*expected), "{id}: {raw}");
    }
}

fn canonical(raw: &str) -> String {
    Target::parse(raw.as_bytes()).unwrap().origin_form()
}

#[test]
fn one_value_is_matched_and_forwarded() {
    let rows = [
        ("PA-07", "/%61dmin", "/admin"),
        ("PA-02", "/admin%23/public/a", "/admin%23/public/a"),
        ("PA-08", "/%66iles/a%c3%a9", "/files/a%C3%A9"),
        ("PA-11", "/adm*n", "/adm*n"),
        ("PA-16", "/ADMIN/", "/ADMIN/"),
        ("PA-01", "/admin?x=/public/a", "/admin?x=/public/a"),
        ("empty query", "/a?", "/a?"),
        ("root", "/", "/"),
        ("percent", "/100%25", "/100%25"),
        ("tilde", "/%7Ea-%2D", "/~a--"),
    ];
    for (id, raw, expected) in rows {
        assert_eq!(canonical(raw), expected, "{id}");
        assert_eq!(
            canonical(&canonical(raw)),
            expected,
            "{id}: canonical twice"
        );
    }
}

#[test]
fn the_query_is_no_part_of_the_path() {
    let target = Target::parse(b"/admin?x=/public/a").unwrap();
    assert_eq!(target.path(), "/admin", "PA-01");
    assert_eq!(target.segments().collect::<Vec<_>>(), ["admin"], "PA-01");
}

#[test]
fn what_two_readers_could_understand_differently_is_refused() {
    use TargetError as E;
    refuses(&[
        ("PA-02", "/public/a%23/../admin", E::DotSegment),
        ("PA-03", "/admin#/public/", E::Character),
        ("PA-04", "/public/../admin/secrets", E::DotSegment),
        ("PA-04", "/public/.", E::DotSegment),
        ("PA-06", "/public%2f..%2fadmin", E::EscapedSeparator),
        ("PA-06", "/admin%2Fx", E::EscapedSeparator),
        ("PA-06", "/admin%5cx", E::EscapedSeparator),
        ("PA-06", "/admin\\x", E::Character),
        ("PA-07", "/public/%2e%2e%2fadmin", E::EscapedSeparator),
        ("PA-07", "/public/%2e%2e/admin", E::DotSegment),
        ("PA-07", "/public/.%2E/admin", E::DotSegment),
        ("PA-07", "/admin%00", E::EscapedControl),
        ("PA-07", "/admin%1f", E::EscapedControl),
        ("PA-07", "/admin%7f", E::EscapedControl),
        ("PA-07", "/admin%3b", E::EscapedSeparator),
        ("PA-07", "/public/..;/admin", E::Character),
        ("PA-08", "/files%2f..%2fadmin", E::EscapedSeparator),
        ("PA-12", "//admin", E::EmptySegment),
        ("PA-12", "/admin//", E::EmptySegment),
        ("PA-12", "/app//../admin", E::EmptySegment),
        ("PA-13", "//admin/x", E::EmptySegment),
        ("PA-13", "/app///x", E::EmptySegment),
        ("PA-14", "admin/x", E::Character),
        ("PA-14", "", E::Empty),
        ("PA-14", "http://x/", E::AbsoluteForm),
        ("PA-14", " /admin", E::Character),
        ("PA-11", "*", E::AsteriskForm),
        ("PA-23", "a.example:443", E::AuthorityForm),
        ("double", "/%252e%252e/admin", E::DoubleEncoded),
        ("double", "/a%252fb", E::DoubleEncoded),
        ("double", "/%2561dmin", E::DoubleEncoded),
        ("double", "/%25%36%31dmin", E::DoubleEncoded),
        ("double", "/%25%61dmin", E::DoubleEncoded),
        ("escape", "/a%2", E::Escape),
        ("escape", "/a%zz", E::Escape),
        ("escape", "/a?q=%", E::Escape),
        ("overlong", "/%c0%ae%c0%ae/admin", E::NotText),
        ("raw", "/\u{e9}", E::Character),
        ("raw", "/a b", E::Character),
        ("raw", "/<img>", E::Character),
        ("query", "/a?b#c", E::Character),
        ("query", "/a?b\\c", E::Character),
        ("query", "/a?b=%0d%0a", E::EscapedControl),
    ]);
}

#[test]
fn what_is_too_long_is_refused() {
    let path = format!("/{}", "p".repeat(4096));
    assert_eq!(
        Target::parse(path.as_bytes()),
        Err(TargetError::PathTooLong)
    );
    let query = format!("/?{}", "q".repeat(8193));
    assert_eq!(
        Target::parse(query.as_bytes()),
        Err(TargetError::QueryTooLong)
    );
}

#[test]
fn a_rewritten_path_is_read_anew() {
    let files = Target::parse(b"/files/a?x=1").unwrap();
    assert_eq!(
        files.rebase("/files", "/v1/files/").unwrap().origin_form(),
        "/v1/files/a?x=1"
    );
    assert_eq!(
        files.rebase("/files/", "/").unwrap().origin_form(),
        "/a?x=1"
    );
    let exact = Target::parse(b"/files").unwrap();
    assert_eq!(exact.rebase("/files", "/").unwrap().path(), "/");
    let beside = Target::parse(b"/files../admin");
    let beside = beside.unwrap().rebase("/files", "/v1/files");
    assert_eq!(beside, Err(TargetError::Prefix), "PA-09");
    assert_eq!(
        files.rebase("/files", "/v1/.."),
        Err(TargetError::DotSegment),
        "PA-09"
    );
}

#[test]
fn a_query_parameter_given_twice_has_no_value() {
    let value = |raw: &str| {
        let target = Target::parse(raw.as_bytes()).unwrap();
        target
            .query_value("state")
            .map(|value| value.map(std::borrow::Cow::into_owned))
    };
    assert_eq!(value("/?a=1&state=x%20y+z"), Ok(Some("x y z".to_owned())));
    assert_eq!(value("/?states=x"), Ok(None));
    let twice = Err(QueryError::Ambiguous {
        name: "state".into(),
    });
    assert_eq!(value("/?state=a&state=a"), twice, "OC-02");
    assert_eq!(value("/?state=a&st%61te=b"), twice, "OC-02");
    assert_eq!(
        value("/?state=%ff"),
        Err(QueryError::NotText {
            name: "state".into()
        })
    );
}

#[test]
fn a_printed_target_says_nothing_of_its_values() {
    let target = Target::parse(b"/people/31409905550047/?name=Aziza").unwrap();
    assert_eq!(format!("{target:?}"), "Target(/*/*/?*)", "T16");
}

//! `check` about hosts: who is answered, and by which certificate.

use std::fs;

use muhrdor::clock::{Clock, SystemClock};
use muhrdor::keys::certificate_pem;

use super::Site;

/// A certificate for this name, good until so many days from now.
fn certificate(site: &Site, name: &str, days: i64) {
    let now = SystemClock::new().now().unix_seconds();
    let now = time::OffsetDateTime::from_unix_timestamp(now).unwrap();
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = now - time::Duration::days(90);
    params.not_after = now + time::Duration::days(days);
    let key = rcgen::KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    fs::write(site.path("tls/api.pem"), certificate_pem(made.der())).unwrap();
}

#[test]
fn check_tells_of_hosts_that_nobody_answers_and_certificates_that_do_not_fit() {
    let site = Site::made();
    site.run(&["check"]).exits(0).says(&["no problem found"]);
    let hosts = "hosts = [\"localhost\"]";
    let more = "hosts = [\"localhost\", \"one.services.example\"]";
    site.change("policies/services/civil-registry.toml", hosts, more);
    site.run(&["check"]).exits(1).says(&[
        "`civil-registry` is at `one.services.example`, which is not answered",
        "1 problem found",
    ]);
    let text = site.text("gateway.toml");
    let section = "\n[hosts.\"*.services.example\"]\ncertificate = \"tls/api.pem\"\n\
                   key = \"tls/server.key\"\n";
    fs::write(site.path("gateway.toml"), format!("{text}{section}")).unwrap();
    let line = text.lines().count() + 2;
    for (name, days, told) in [
        ("*.services.example", 9, "no problem found"),
        ("*.services.example", -9, "has expired"),
        ("services.example", 9, "does not cover `*.services.example`"),
    ] {
        certificate(&site, name, days);
        let good = told.starts_with("no");
        let said = site.run(&["check"]).exits(i32::from(!good)).says(&[told]);
        if !good {
            said.says(&[&format!("gateway.toml:{line}: "), "1 problem found"]);
        }
    }
}

#[test]
fn check_tells_of_operations_that_need_a_certificate_where_none_is_asked_for() {
    let site = Site::made();
    let id = "id = \"pension-fund.info.page\"\n";
    let needs = format!("{id}certificate = true\n");
    site.change("policies/services/pension-fund.toml", id, &needs);
    site.run(&["check"]).exits(1).says(&[
        "`pension-fund.info.page` needs a client certificate, and `localhost` asks for none",
        "gateway.toml:26: ",
    ]);
    site.change(
        "gateway.toml",
        "[tls]\n",
        "[tls]\nclient_authorities = \"tls/ca.pem\"\n",
    );
    site.run(&["check"]).exits(0).says(&["no problem found"]);
}

//! A gateway and the Redis of its config: over TLS, with a password, as another user.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::Value;

use super::Site;
use crate::limits::redis::Redis;
use crate::server::authority::Authority;

/// What README.md says that a user of a gateway needs.
const USER: &str = "user gateway on >of-the-gateway ~muhrdor:limit:* -@all +script|load +time \
                    +evalsha +eval +get +set +del";

#[test]
fn a_redis_is_believed_by_its_certificate_and_believes_by_password_or_says_why_not() {
    let site = Site::made();
    let (trusted, other) = (Authority::new(), Authority::new());
    trusted.issue("redis", &["127.0.0.1", "redis.example"]);
    fs::copy(other.file("ca.pem"), site.path("other.pem")).unwrap();
    let redis = over_tls(&trusted, "tls-auth-clients no");
    let asked = Asked::of(&site, &trusted, &redis);

    let good = ["password_file = \"password\"", "tls.roots = \"ca.pem\""];
    let named = ["tls.name = \"redis.example\""];
    assert_eq!(asked.told(&good), "limits are shared");
    assert_eq!(asked.told(&[good, [named[0], ""]].concat()), SHARED);
    let roots = ["password_file = \"password\"", "tls.roots = \"other.pem\""];
    asked.refuses(&roots, "invalid peer certificate: BadSignature");
    let name = "tls.name = \"elsewhere.example\"";
    asked.refuses(&[good[0], good[1], name], "not valid for name");

    let wrong = "the server does not accept the user name and password";
    asked.refuses(&["password_file = \"wrong\"", good[1]], wrong);
    asked.refuses(
        &[good[1]],
        "the server asks for a password, and none is set",
    );

    let user = ["username = \"gateway\"", good[1]];
    let own = "password_file = \"gateway\"";
    assert_eq!(asked.told(&[user[0], own, user[1]]), SHARED);
    asked.refuses(&[user[0], good[0], user[1]], wrong);
    let weak = "username = \"weak\"";
    asked.refuses(&[weak, own, user[1]], "refused: NOPERM");
}

#[test]
fn a_redis_that_asks_for_a_certificate_is_shown_the_one_of_the_config() {
    let site = Site::made();
    let authority = Authority::new();
    authority.issue("redis", &["127.0.0.1"]);
    authority.issue_with("gateway", &["gateway.example"], |certificate| {
        // One with its issuer's name would be taken for self-signed.
        let name = &mut certificate.distinguished_name;
        name.push(rcgen::DnType::CommonName, "gateway");
    });
    let key = site.path("own.key");
    fs::copy(authority.file("gateway.pem"), site.path("own.pem")).unwrap();
    fs::copy(authority.file("gateway.key"), &key).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let redis = over_tls(&authority, "tls-auth-clients yes");
    let asked = Asked::of(&site, &authority, &redis);
    let good = ["password_file = \"password\"", "tls.roots = \"ca.pem\""];
    asked.refuses(&good, "CertificateRequired");
    let shown = ["tls.certificate = \"own.pem\"", "tls.key = \"own.key\""];
    assert_eq!(asked.told(&[good, shown].concat()), SHARED);
}

fn over_tls(authority: &Authority, clients: &str) -> Redis {
    let file = |name| authority.file(name).display().to_string();
    Redis::start_with(|address| {
        format!(
            "port 0\ntls-port {}\ntls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\n\
             {clients}\nrequirepass of-everyone\n{USER}\n\
             user weak on >of-the-gateway ~* -@all +script|load +time\n",
            address.port(),
            file("redis.pem"),
            file("redis.key"),
            file("ca.pem"),
        )
    })
}

/// A gateway that is started with one way to a Redis after the other.
struct Asked<'a> {
    site: &'a Site,
    redis: &'a Redis,
    config: String,
}

impl<'a> Asked<'a> {
    fn of(site: &'a Site, authority: &Authority, redis: &'a Redis) -> Self {
        fs::copy(authority.file("ca.pem"), site.path("ca.pem")).unwrap();
        for (name, secret) in [
            ("password", "of-everyone\n"),
            ("wrong", "of-nobody\n"),
            ("gateway", "of-the-gateway"),
        ] {
            fs::write(site.path(name), secret).unwrap();
            fs::set_permissions(site.path(name), Permissions::from_mode(0o600)).unwrap();
        }
        Self {
            site,
            redis,
            config: site.text("gateway.toml"),
        }
    }

    /// What a gateway says first about its Redis.
    fn told(&self, lines: &[&str]) -> String {
        let said = self.said(lines);
        said["fields"]["message"].as_str().unwrap().to_owned()
    }

    /// It says that limits are not shared, and why.
    fn refuses(&self, lines: &[&str], why: &str) {
        let said = self.said(lines);
        let told = said["fields"]["why"].as_str().unwrap_or_default();
        assert!(told.contains(why), "{lines:?}: {said}");
    }

    fn said(&self, lines: &[&str]) -> Value {
        let section = format!(
            "\n[limits.redis]\naddress = \"{}\"\nnodes = 2\n{}\n\
             [telemetry]\nformat = \"json\"\nfilter = \"muhrdor=info\"\n",
            self.redis.address,
            lines.join("\n")
        );
        fs::write(&self.site.config, self.config.clone() + &section).unwrap();
        self.site.run(&["check"]).exits(0);
        let words = ["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
        let mut serving = self.site.command(&words);
        let mut child = serving.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let told = lines
            .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap_or_default())
            .find(|line| line["target"] == "muhrdor::limits");
        child.kill().unwrap();
        child.wait().unwrap();
        told.expect("it ended without a word on its Redis")
    }
}

const SHARED: &str = "limits are shared";

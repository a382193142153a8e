//! Signing in by a certificate: alone, and where the operation takes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use muhrdor::app::journal_reader;
use muhrdor::demo::{SystemCertificate, Visitor};
use muhrdor::domain::entry::VisitId;
use muhrdor::domain::principal::{CredentialKind, PrincipalKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::certificates::authority::{Authority, day, serial};

use super::super::{AZIZA, House};
use super::{Certified, answered, refused};

#[tokio::test(flavor = "multi_thread")]
async fn a_system_is_answered_by_its_certificate_and_the_journal_says_by_what() {
    let house = House::open().await;
    let grounds = &house.grounds.grounds;
    let at = &grounds.places.systems;
    let mut system =
        Visitor::certified(&grounds.folder, at, SystemCertificate::SocialAgency).unwrap();
    let path = format!("/pension/records/{AZIZA}/income?below=10000000");
    let purpose = [("muhrdor-purpose", "benefit.assess")];
    let reply = system.get(&path, &purpose).await.unwrap();
    assert_eq!(reply.at("/answer"), true, "{}", reply.received());
    let visit = VisitId::parse(reply.header("muhrdor-request-id").unwrap()).unwrap();
    let reader = journal_reader(&grounds.config().unwrap()).unwrap();
    let found = reader.of_visit(visit).unwrap();
    let entry = &found.last().unwrap().entry;
    assert_eq!(entry.actor.kind, PrincipalKind::System);
    assert_eq!(entry.actor.credential, Some(CredentialKind::Certificate));
    assert_eq!(entry.actor.acr, 3);
    let identified = entry
        .steps
        .iter()
        .find(|step| step.name == "identify")
        .unwrap();
    assert_eq!(identified.found, "system, assurance rank 3, by certificate");
    let mut former = Visitor::certified(&grounds.folder, at, SystemCertificate::Former).unwrap();
    let reply = former.get(&path, &purpose).await.unwrap();
    assert_eq!(
        super::super::told(&reply),
        refused(403, "certificate_refused")
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_signs_in_where_the_operation_takes_it_and_stands_in_the_assertion_only() {
    let certified = Certified::open().await;
    let heard = certified.serving();
    let social = certified.client("300000001", 5);
    let forged = "client-cert: :AAAA:\r\n";
    assert_eq!(
        certified.ask(Some(&social), "GET /live/read", forged).await,
        answered()
    );
    let claims = heard.claims();
    assert_eq!(claims["kind"], "system");
    assert_eq!(claims["sub"], "social-agency-system");
    assert_eq!(claims["acr"], 3);
    // RFC 9440 §2.1.
    let encoded = STANDARD.encode(&social.certificate);
    assert_eq!(claims["client_cert"], format!(":{encoded}:"));
    // Another certificate of the same system has an assertion of its own.
    let later = certified.client("300000001", 6);
    assert_eq!(
        certified.ask(Some(&later), "GET /live/read", "").await,
        answered()
    );
    assert_ne!(heard.claims()["client_cert"], claims["client_cert"]);
    // Where the operation takes none, nobody came.
    let asked = certified.ask(Some(&social), "GET /live/token", "").await;
    assert_eq!(asked, refused(401, "sign_in_needed"));
    assert_eq!(
        certified.ask(None, "GET /live/read", "").await,
        refused(401, "sign_in_needed")
    );
    assert!(heard.take().is_empty());
    certified.live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_by_a_certificate_is_refused_and_not_nobody() {
    let certified = Certified::open().await;
    let heard = certified.serving();
    let stranger = certified.client("300000009", 7);
    let nameless = certified.authority.issue("300000001", |params| {
        serial(8)(params);
        params.not_before = day(-3000);
    });
    for client in [&stranger, &nameless] {
        let asked = certified.ask(Some(client), "GET /live/read", "").await;
        assert_eq!(asked, refused(403, "certificate_refused"));
    }
    // The handshake itself refuses what is of no authority of the host.
    let twin = Authority::new("clients").issue("300000001", |params| {
        params.not_before = day(-3000);
    });
    let mut stream = certified.connect(Some(&twin)).await;
    let _ = stream
        .write_all(b"GET /live/read HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    assert!(stream.read(&mut [0; 16]).await.is_err(), "MT-20");
    assert!(heard.take().is_empty());
    certified.live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_beside_another_credential_is_refused() {
    let certified = Certified::open().await;
    let heard = certified.serving();
    let social = certified.client("300000001", 5);
    let cookie = certified.live.cookie_of("aziza").await;
    let both = certified
        .ask(Some(&social), "GET /live/read", &cookie)
        .await;
    assert_eq!(both, refused(400, "bad_request"));
    // A session where the operation takes none.
    let session = certified.ask(None, "GET /live/token", &cookie).await;
    assert_eq!(session, refused(403, "credential_not_taken"));
    assert_eq!(
        certified.ask(None, "GET /live/read", &cookie).await,
        answered()
    );
    assert_eq!(heard.take().len(), 1);
    // What is left in a browser of a session that has ended is no credential.
    let ended = "cookie: __Host-muhrdor=garbage\r\n";
    assert_eq!(
        certified.ask(Some(&social), "GET /live/read", ended).await,
        answered()
    );
    certified.live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_cannot_make_a_browser_use_its_certificate() {
    let certified = Certified::open().await;
    let heard = certified.serving();
    let social = certified.client("300000001", 5);
    for foreign in [
        "origin: https://evil.example\r\n",
        "sec-fetch-site: cross-site\r\n",
        "sec-fetch-site: same-site\r\n",
        "origin: null\r\n",
    ] {
        let asked = certified
            .ask(Some(&social), "POST /live/write", foreign)
            .await;
        assert_eq!(asked, refused(403, "cross_origin"), "{foreign}");
    }
    assert!(heard.take().is_empty());
    // A program sends neither field.
    assert_eq!(
        certified.ask(Some(&social), "POST /live/write", "").await,
        answered()
    );
    certified.live.house.close().await;
}

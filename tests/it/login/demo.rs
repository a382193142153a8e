//! Signing in at the demo's own provider: written apart, so that both sides read one standard.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

use muhrdor::clock::SystemClock;
use muhrdor::demo::{Ask, Client, Folder, Provider, bind, serve};
use muhrdor::egress::{Allowed, Egress, EgressSettings, Roots};
use muhrdor::identity::keysets::KeySets;
use muhrdor::identity::login::{Login, LoginRooms};
use muhrdor::identity::providers::{RealmSettings, RefreshSettings};
use muhrdor::keys::{Pseudonym, Secret, Vault};
use muhrdor::wire::cookie::Cookies;
use muhrdor::wire::path::Target;
use ring::rand::SystemRandom;
use tokio::task::JoinSet;
use url::Url;
use zeroize::Zeroizing;

use super::{held, officials, realm};

const PORTAL: &str = "https://localhost:8443";

#[tokio::test]
async fn both_realms_of_the_demo_sign_in() {
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::new(home.path().to_owned());
    folder.make().unwrap();
    folder.make_secrets(&SystemRandom::new()).unwrap();
    let clock = Arc::new(SystemClock::new());
    let (listener, address) = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let origin = format!("http://{address}");
    let provider = Provider::new(origin.clone(), PORTAL, &folder, clock.clone()).unwrap();
    let mut served = JoinSet::new();
    served.spawn(serve(listener, Arc::new(provider), pending::<()>()));

    let secret = folder.secret("portal.client").unwrap();
    let of_demo = |settings: RealmSettings| RealmSettings {
        client_id: "muhrdor-portal".to_owned(),
        client_secret: Zeroizing::new(secret.clone()),
        ..settings
    };
    let realms = vec![
        of_demo(realm(&format!("{origin}/applicants"))),
        of_demo(officials(&format!("{origin}/officials"))),
    ];
    let settings = EgressSettings {
        allow: vec![Allowed::parse(&address.to_string()).unwrap()],
        ms_max: 3_000,
        bytes_max: 64 * 1024,
        roots: Roots::none(),
    };
    let egress = Arc::new(Egress::new(settings, clock.clone()).unwrap());
    let issuers: Vec<_> = realms.iter().map(RealmSettings::keys).collect();
    let keysets = KeySets::new(
        issuers,
        RefreshSettings::default(),
        egress.clone(),
        clock.clone(),
    );
    let random = SystemRandom::new();
    let rooms = LoginRooms {
        keysets: Arc::new(keysets),
        egress,
        vault: Arc::new(Vault::new(&Secret::generate(&random).unwrap(), &[])),
        pseudonym: Arc::new(Pseudonym::new(&Secret::generate(&random).unwrap())),
        random: Arc::new(random),
        clock,
    };
    let login = Login::new(realms, PORTAL.to_owned(), rooms);
    let mut client = Client::plain();
    for (realm, name) in [("applicants", "aziza"), ("officials", "gulnora")] {
        let redirect = login
            .start(realm, None, None, &Cookies::default())
            .await
            .unwrap();
        let query: BTreeMap<_, _> = redirect.location.query_pairs().into_owned().collect();
        let password = format!("{name}-demo");
        let mut fields: Vec<_> = query
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        fields.extend([("login", name), ("password", &password)]);
        let mut form = redirect.location.clone();
        form.set_query(None);
        let reply = client.send(&Ask::form(form, &fields)).await.unwrap();
        let back = Url::parse(reply.header("location").unwrap()).unwrap();
        let target = format!("{}?{}", back.path(), back.query().unwrap());
        let target = Target::parse(target.as_bytes()).unwrap();
        let arrived = login.callback(&target, &held(&redirect.set_cookies)).await;
        assert_eq!(arrived.unwrap().realm.as_str(), realm);
    }
}

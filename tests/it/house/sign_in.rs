//! Signing in and out over the wire, and what does not get in.

use bytes::Bytes;
use http::Method;

use super::{AZIZA, House, told};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_is_told_and_ends() {
    let house = House::open().await;
    let mut aziza = house.grounds.visitor();
    let signed = aziza
        .sign_in("applicants", "aziza", "aziza-demo")
        .await
        .unwrap();
    let cookie = signed
        .replies
        .iter()
        .flat_map(|reply| reply.headers.get_all("set-cookie"))
        .map(|value| value.to_str().unwrap())
        .find(|value| value.starts_with("__Host-muhrdor="))
        .unwrap()
        .to_owned();
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");

    let who = aziza.get("/oauth2/userinfo", &[]).await.unwrap();
    assert_eq!(who.at("/kind"), "person");
    assert_eq!(who.at("/acr"), 2);
    assert!(!who.received().contains("Aziza"), "userinfo names nobody");

    // Another site's page cannot sign her out; her own can.
    let out = |site: &'static str| [("sec-fetch-site", site)];
    let foreign = aziza
        .ask(
            Method::POST,
            "/oauth2/sign_out",
            &out("cross-site"),
            Bytes::new(),
        )
        .await;
    assert_eq!(told(&foreign.unwrap()), (403, "cross_origin".to_owned()));
    let silent = aziza
        .ask(Method::POST, "/oauth2/sign_out", &[], Bytes::new())
        .await;
    assert_eq!(told(&silent.unwrap()), (403, "cross_origin".to_owned()));
    let own = aziza
        .ask(
            Method::POST,
            "/oauth2/sign_out",
            &out("same-origin"),
            Bytes::new(),
        )
        .await;
    let own = own.unwrap();
    assert_eq!(own.status, 200, "{}", own.received());
    assert!(
        own.at("/end_session")
            .as_str()
            .unwrap()
            .contains("post_logout_redirect_uri")
    );

    // The cookie she had is nothing any more, whoever kept it.
    let pair = cookie.split(';').next().unwrap();
    let mut thief = house.grounds.visitor();
    let replayed = thief.get("/my", &[("cookie", pair)]).await.unwrap();
    assert_eq!(told(&replayed), (401, "sign_in_needed".to_owned()));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_for_credentials_makes_nobody_of_a_caller_or_is_refused() {
    let house = House::open().await;
    let path = format!("/pension/records/{AZIZA}");
    for (header, value, status, code) in [
        ("cookie", "__Host-muhrdor=garbage", 401, "sign_in_needed"),
        (
            "cookie",
            "__Host-muhrdor=a; __Host-muhrdor=b",
            400,
            "bad_cookie",
        ),
        ("authorization", "Bearer a.b.c", 401, "invalid_token"),
        ("authorization", "Basic YTpi", 401, "invalid_token"),
        ("muhrdor-purpose", "two words", 400, "bad_header"),
        ("muhrdor-case", "\"unclosed", 400, "bad_header"),
    ] {
        let reply = house
            .grounds
            .visitor()
            .get(&path, &[(header, value)])
            .await
            .unwrap();
        assert_eq!(told(&reply), (status, code.to_owned()), "{header}: {value}");
        assert!(!reply.received().contains(AZIZA));
    }
    let token = house
        .grounds
        .grounds
        .token("social-agency-system")
        .await
        .unwrap();
    let mut both = house
        .grounds
        .signed_in("applicants", "aziza")
        .await
        .with_bearer(&token);
    assert_eq!(
        told(&both.get(&path, &[]).await.unwrap()),
        (400, "bad_request".to_owned())
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_official_works_on_a_case_without_naming_it_each_time() {
    let house = House::open().await;
    let mut gulnora = house.grounds.signed_in("officials", "gulnora").await;
    let path = format!("/pension/records/{AZIZA}");
    assert_eq!(told(&gulnora.get(&path, &[]).await.unwrap()).0, 403);
    let form = Bytes::from_static(b"purpose=pension.assess&case=PF-2026-000117");
    let headers = [
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let set = gulnora
        .ask(Method::POST, "/oauth2/working_case", &headers, form)
        .await
        .unwrap();
    assert_eq!(set.status, 200, "{}", set.received());
    let read = gulnora.get(&path, &[]).await.unwrap();
    assert_eq!(read.status, 200, "{}", read.received());
    // What the request says goes before what lies on the desk.
    let other = [("muhrdor-case", "\"PF-2026-000118\"")];
    assert_eq!(
        told(&gulnora.get(&path, &other).await.unwrap()).1,
        "case_of_another"
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_official_says_on_a_page_which_case_they_work_on() {
    let house = House::open().await;
    let mut gulnora = house.grounds.signed_in("officials", "gulnora").await;
    let page = [
        ("accept", "text/html"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let before = gulnora.get("/services", &page).await.unwrap();
    assert!(before.received().contains("/oauth2/working_case"));
    assert!(!before.received().contains("PF-2026-000117"));
    for (action, back) in [
        ("/oauth2/working_case", "/services"),
        ("/oauth2/working_case?lang=ru", "/services?lang=ru"),
        ("/oauth2/working_case?lang=//elsewhere", "/services"),
    ] {
        let form = Bytes::from_static(b"purpose=pension.assess&case=PF-2026-000117");
        let set = gulnora.ask(Method::POST, action, &page, form).await;
        let set = set.unwrap();
        assert_eq!(set.status, 303, "{}", set.received());
        assert_eq!(set.header("location"), Some(back));
    }
    let after = gulnora.get("/services", &page).await.unwrap();
    assert!(after.received().contains("value=\"PF-2026-000117\""));

    // A form of nothing puts it away.
    let form = Bytes::from_static(b"purpose=&case=");
    let cleared = gulnora.ask(Method::POST, "/oauth2/working_case", &page, form);
    assert_eq!(cleared.await.unwrap().status, 303);
    let path = format!("/pension/records/{AZIZA}");
    assert_eq!(told(&gulnora.get(&path, &[]).await.unwrap()).0, 403);

    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let hers = aziza.get("/services", &page).await.unwrap();
    assert!(!hers.received().contains("/oauth2/working_case"));
    house.close().await;
}

//! Behind a balancer: who is limited, and what e-services are told of the client.

use super::trouble::puppet::{Puppet, Then};
use super::{House, told, with_upstream};

/// A gateway that lets an address ask three times, before a puppet that answers everyone.
async fn house(puppet: &Puppet, listen: &str) -> House {
    let said = "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n\
                content-length: 6\r\nconnection: close\r\n\r\npuppet";
    puppet.says(said, Then::Close);
    House::open_with(|config| {
        let config = with_upstream(&config, "pension-fund", &puppet.address.to_string());
        config
            .replace(
                "address = { requests_max = 1200,",
                "address = { requests_max = 3,",
            )
            .replace("[listen]\n", &format!("[listen]\n{listen}\n"))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn rl_03_an_untrusted_peer_is_one_address_whatever_it_says() {
    let puppet = Puppet::enter().await;
    let house = house(&puppet, "trusted_proxies = [\"10.0.0.0/8\"]").await;
    let mut visitor = house.grounds.visitor();
    for client in 0..4 {
        let address = format!("192.0.2.{client}");
        let forwarded = format!("for={address}");
        let fields = [
            ("x-forwarded-for", address.as_str()),
            ("forwarded", &forwarded),
        ];
        let reply = visitor.get("/pension/info", &fields).await.unwrap();
        let expected = if client < 3 { 200 } else { 429 };
        assert_eq!(reply.status, expected, "HS-06 {client}");
    }
    let heard = puppet.asked().concat().to_ascii_lowercase();
    assert!(heard.contains("x-forwarded-for: 127.0.0.1\r\n") && !heard.contains("192.0.2."));
    puppet.leave().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rl_03_clients_behind_a_trusted_proxy_are_told_apart() {
    let puppet = Puppet::enter().await;
    let house = house(&puppet, "trusted_proxies = [\"127.0.0.1\"]").await;
    let mut visitor = house.grounds.visitor();
    for client in [
        "198.51.100.1, 192.0.2.1",
        "192.0.2.2",
        "2001:db8::1",
        "::ffff:192.0.2.3",
    ] {
        let fields = [("x-forwarded-for", client)];
        for _ in 0..3 {
            let reply = visitor.get("/pension/info", &fields).await.unwrap();
            assert_eq!(reply.status, 200, "{client}");
        }
        let reply = visitor.get("/pension/info", &fields).await.unwrap();
        assert_eq!(
            told(&reply),
            (429, "too_many_requests".to_owned()),
            "{client}"
        );
    }
    let heard = puppet.asked().concat().to_ascii_lowercase();
    for said in [
        "x-forwarded-for: 192.0.2.1\r\n",
        "forwarded: for=192.0.2.2;host=localhost;proto=https\r\n",
        "forwarded: for=\"[2001:db8::1]\";",
        "x-forwarded-for: 192.0.2.3\r\n",
    ] {
        assert!(heard.contains(said), "{said}: {heard}");
    }
    assert!(
        !heard.contains("198.51.100.1"),
        "what a client said of itself"
    );
    // RL-02: one /64 is one address.
    let neighbour = [("x-forwarded-for", "2001:db8::ffff")];
    assert_eq!(
        visitor
            .get("/pension/info", &neighbour)
            .await
            .unwrap()
            .status,
        429
    );
    let hidden = [("x-forwarded-for", "192.0.2.9, unknown")];
    let reply = visitor.get("/pension/info", &hidden).await.unwrap();
    assert_eq!(told(&reply), (400, "forwarded".to_owned()));
    puppet.leave().await;
    house.close().await;
}

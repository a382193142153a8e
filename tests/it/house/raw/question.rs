//! A yes-or-no question is judged before anybody is asked.

use super::{Listening, path, told};

#[tokio::test(flavor = "multi_thread")]
async fn a_threshold_that_may_not_be_asked_about_is_refused_before_anybody_is_asked() {
    let Listening {
        house,
        raw,
        tasks: _tasks,
        ..
    } = Listening::open().await;
    let mut system = house.grounds.system("social-agency-system").await;
    let purpose = [("muhrdor-purpose", "benefit.assess")];
    for query in [
        "below=7341908",
        "below=5000000&below=7341908",
        "",
        "below=%35000000x",
    ] {
        let asked = format!("{}/income?{query}", path());
        let reply = system.get(&asked, &purpose).await.unwrap();
        assert_eq!(
            told(&reply),
            (400, "question_not_allowed".to_owned()),
            "{query}"
        );
    }
    assert!(raw.heard().is_empty());
    let allowed = format!("{}/income?below=5000000", path());
    let reply = system.get(&allowed, &purpose).await.unwrap();
    assert_eq!(reply.at("/answer"), false, "{}", reply.received());
    assert_eq!(raw.heard().len(), 1);
    house.close().await;
}

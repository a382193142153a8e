//! From the code printed on the paper to the document, for a while.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::domain::document::{AccessCode, CodeError, DocumentCode};
use crate::domain::peer::AddressBlock;
use crate::notary::leaf::Sha256;
use crate::notary::{ACCESS_COOKIE, NotaryError};
use crate::public::answers;
use crate::public::check::upload::{self, Media, UploadError};
use crate::public::check::{Check, Trouble, views};
use crate::wire::arrival::Arrival;
use crate::wire::body::Body;
use crate::wire::cookie;
use crate::wire::pages::Frame;
use crate::wire::pages::wish::Wish;

impl Check {
    /// From the code on the paper to the document, for a while.
    pub(super) async fn access(
        &self,
        typed: &str,
        arrival: Arrival,
        block: AddressBlock,
        wish: &Wish,
        frame: &Frame,
    ) -> Result<Response<Body>, Trouble> {
        let code = DocumentCode::parse(typed);
        let thing = Sha256::of(&[code
            .map(|code| *code.as_bytes())
            .unwrap_or_default()
            .as_slice()]);
        let guess = self.tools.guesses.check(block, thing.0).await;
        guess.map_err(Trouble::Exceeded)?;
        let media = Media::of(&arrival.headers).ok_or(Trouble::Upload(UploadError::Media))?;
        let body = upload::collect(arrival.body, ACCESS_BYTES_MAX).await;
        let given = access_code(&media, &body.map_err(Trouble::Upload)?);
        let given = given.ok_or(Trouble::Upload(UploadError::Form))?;
        match self
            .tools
            .notary
            .open(code, AccessCode::parse(&given))
            .await
        {
            Ok(token) if wish.wants_page() => {
                let place = format!(
                    "/verify/{}/view",
                    code.map(|c| c.to_string()).unwrap_or_default()
                );
                let cookie = cookie::set(ACCESS_COOKIE, token.as_str(), None);
                Ok(answers::see_other(&place, cookie.ok()))
            }
            Ok(token) => Ok(answers::json(
                StatusCode::OK,
                &json!({ "access": token.as_str() }),
            )),
            Err(NotaryError::Unknown) => Ok(self.wrong_access(code, wish, frame)),
            Err(other) => Err(Trouble::Notary(other)),
        }
    }

    /// The same for a wrong access code and for a document that is not there.
    fn wrong_access(
        &self,
        code: Result<DocumentCode, CodeError>,
        wish: &Wish,
        frame: &Frame,
    ) -> Response<Body> {
        if !wish.wants_page() {
            return answers::refused(StatusCode::FORBIDDEN, "document_not_presented");
        }
        let view = views::wrong_access(code, &self.tools.host);
        answers::page(
            StatusCode::FORBIDDEN,
            self.tools.pages.verdict(&view, frame),
        )
    }
}

/// What was typed, from a form's field or a JSON member `access`.
fn access_code(media: &Media, body: &[u8]) -> Option<String> {
    match media {
        Media::Json => {
            let told: Value = serde_json::from_slice(body).ok()?;
            Some(told.get("access")?.as_str()?.to_owned())
        }
        Media::Fields => {
            let mut fields = url::form_urlencoded::parse(body).filter(|(key, _)| key == "access");
            let found = fields.next()?.1.into_owned();
            fields.next().is_none().then_some(found)
        }
        Media::File | Media::Form { .. } => None,
    }
}

const ACCESS_BYTES_MAX: u64 = 1024;

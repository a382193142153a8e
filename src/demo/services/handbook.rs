//! A long public page, sent piece by piece.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt;

use crate::wire::body::{Body, BodyError};

/// The page of an information service: some hundreds of KiB, of no length known beforehand.
#[derive(Debug)]
pub(super) struct Handbook {
    agency: &'static str,
    chapter: u32,
}

impl Handbook {
    /// The answer that sends this page.
    pub(super) fn answer(agency: &'static str) -> Response<Body> {
        let book = Self { agency, chapter: 0 };
        let body = book.map_err(|never: Infallible| -> BodyError { match never {} });
        let mut response = Response::new(Body::stream(body));
        let media = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, media);
        response
    }

    fn head(&self) -> String {
        format!(
            "<!doctype html>\n<html lang=\"uz-Latn\">\n<head>\n<meta charset=\"utf-8\">\n\
             <title>{0}: xizmatlar · services</title>\n</head>\n<body>\n\
             <h1>{0}: xizmatlar · services</h1>\n",
            self.agency
        )
    }

    fn chapter(&self) -> String {
        let number = self.chapter;
        let paragraphs = (1..=PARAGRAPHS).map(|paragraph| {
            format!(
                "<p>{number}.{paragraph}. Xizmat ko‘rsatish tartibi: ariza portal orqali beriladi, \
                 natija muddatida elektron shaklda taqdim etiladi. The request is made on the \
                 portal; the result is given in electronic form within its term.</p>\n"
            )
        });
        format!(
            "<h2>{number}</h2>\n{}",
            paragraphs.collect::<Vec<_>>().concat()
        )
    }
}

impl HttpBody for Handbook {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match self.chapter {
            0 => self.head(),
            1..=CHAPTERS => self.chapter(),
            LAST => "</body>\n</html>\n".to_owned(),
            _ => return Poll::Ready(None),
        };
        self.chapter += 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(piece)))))
    }
}

const CHAPTERS: u32 = 100;
const LAST: u32 = CHAPTERS + 1;
const PARAGRAPHS: u32 = 18;

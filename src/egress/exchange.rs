//! One request and its answer over one connection.

use bytes::Bytes;
use http::header::{HOST, HeaderValue};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;

use super::{EgressError, Place};

/// Largest head of an answer, in bytes.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Most header fields of an answer.
const HEADERS_MAX: usize = 100;

/// The task that drives a connection; dropping it ends both.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(super) async fn over<S>(
    stream: S,
    place: &Place,
    request: Request<Bytes>,
    bytes_max: u64,
) -> Result<Response<Bytes>, EgressError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |source| EgressError::Exchange {
        authority: place.authority(),
        source,
    };
    let request = in_origin_form(request)?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    // The exchange's own error tells what went wrong; the driver's says the same again.
    let _driver = Driver(tokio::spawn(async move {
        connection.await.unwrap_or(());
    }));
    let response = sender.send_request(request).await.map_err(broken)?;
    let (head, body) = response.into_parts();
    let bytes_limit = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let collected = Limited::new(body, bytes_limit).collect().await;
    let body = collected.map_err(|error| {
        let authority = place.authority();
        match error.downcast::<hyper::Error>() {
            Ok(source) => EgressError::Exchange {
                authority,
                source: *source,
            },
            // The limit is the only other thing that can go wrong.
            Err(_) => EgressError::TooLarge {
                authority,
                bytes_max,
            },
        }
    })?;
    Ok(Response::from_parts(head, body.to_bytes()))
}

/// The request as it goes on an HTTP/1.1 connection to its origin (RFC 9112 §3.2.1).
fn in_origin_form(request: Request<Bytes>) -> Result<Request<Full<Bytes>>, EgressError> {
    let (mut head, body) = request.into_parts();
    let authority = head.uri.authority().ok_or(EgressError::Url)?.as_str();
    let host = HeaderValue::from_str(authority).map_err(|_| EgressError::Url)?;
    head.headers.insert(HOST, host);
    let target = head.uri.path_and_query().map_or("/", |both| both.as_str());
    head.uri = Uri::try_from(target).map_err(|_| EgressError::Url)?;
    head.version = http::Version::HTTP_11;
    Ok(Request::from_parts(head, Full::new(body)))
}

//! CORS preflights, answered from the register: none reaches an upstream (Fetch standard §4.8).

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, HeaderValue, ORIGIN, VARY,
};
use http::{Response, StatusCode};

use crate::gateway::Gateway;
use crate::wire::arrival::Arrival;
use crate::wire::body::Body;

impl Gateway {
    /// 204 for every OPTIONS: with the grant where the register has one for this origin, bare
    /// where not, so that it tells nothing of which operations there are.
    pub(super) fn preflight(&self, arrival: &Arrival) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(VARY, HeaderValue::from_static("origin"));
        let origin = arrival
            .headers
            .get(ORIGIN)
            .and_then(|origin| origin.to_str().ok());
        let snapshot = self.snapshot();
        let grant = origin.and_then(|origin| {
            snapshot
                .register
                .preflight(&arrival.host, &arrival.target, origin)
        });
        if let Some(grant) = grant
            && let Ok(origin) = HeaderValue::from_str(&grant.origin)
        {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            let methods = HeaderValue::from_static(grant.methods);
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
            let names = HeaderValue::from_static(grant.headers);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names);
            headers.insert(
                ACCESS_CONTROL_MAX_AGE,
                HeaderValue::from(grant.age_seconds_max),
            );
        }
        response
    }
}

//! The requests of `certs/`: what an authority makes of them seals and stamps.

use std::fs;
use std::path::Path;

use muhrdor::cms::Certificate;

use crate::cms::pki;

/// What the authority of these tests makes of a request for this key.
fn certified(request: &str, key: &str) -> Certificate {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("certs")
        .join(request);
    let config = fs::read(path).unwrap();
    let line = format!("req -new -config config -key @{key}.key -out out");
    let asked = pki().makes(&[("config", &config)], &line);
    let line = "x509 -req -in asked -CA @root.crt -CAkey @root.key -days 1 \
                -copy_extensions copyall -outform DER -out out";
    Certificate::parse(&pki().makes(&[("asked", &asked)], line)).unwrap()
}

#[test]
fn the_requests_for_certificates_ask_for_what_is_needed_and_no_more() {
    let seal = certified("seal.cnf", "seal");
    assert_eq!(seal.check_signs(), Ok(()));
    assert!(seal.check_stamps_time().is_err());
    let subject = seal.subject();
    // organizationIdentifier (2.5.4.97), a UTF8String.
    let body = [
        b"\x06\x03\x55\x04\x61\x0c\x0e".as_slice(),
        b"civil-registry",
    ]
    .concat();
    assert!(subject.windows(body.len()).any(|at| at == body));

    let stamps = certified("tsa.cnf", "stamp");
    assert_eq!(stamps.check_stamps_time(), Ok(()));
}

"""Time-stamps, judged by OpenSSL and by rfc3161-client."""

import hashlib
import os
import subprocess

from cryptography import x509
from rfc3161_client import TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response
from rfc3161_client.base import HashAlgorithm

QUERY = "application/timestamp-query"


def openssl(folder, *words):
    done = subprocess.run(["openssl", "ts", *words], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def stamp(visitor, request):
    status, headers, body = visitor.ask("/tsa", request, Content_Type=QUERY)
    media = headers.get("Content-Type")
    if (status, media) != (200, "application/timestamp-reply"):
        raise SystemExit(f"/tsa answered {status} {media}")
    return body


def judge(portal, folder, authority):
    """Yields what was judged and whether it is right."""
    visitor = portal.visitor()
    with open(os.path.join(folder, "data"), "wb") as file:
        file.write(b"what is stamped")
    for digest in ["sha256", "sha384", "sha512"]:
        for wish in [["-cert"], []]:
            query = f"{digest}{len(wish)}.tsq"
            openssl(folder, "-query", "-data", "data", f"-{digest}", *wish, "-out", query)
            with open(os.path.join(folder, query), "rb") as file:
                reply = stamp(visitor, file.read())
            with open(os.path.join(folder, "reply.tsr"), "wb") as file:
                file.write(reply)
            words = ["-verify", "-in", "reply.tsr", "-queryfile", query, "-CAfile", authority]
            if not wish:
                own = os.path.join(os.path.dirname(authority), "tsa.pem")
                words += ["-untrusted", own]
            code, told = openssl(folder, *words)
            asked = "with" if wish else "without"
            yield f"openssl ts verifies a {digest} stamp {asked} its certificate", (
                code == 0 and "Verification: OK" in told
            ), told
    with open(os.path.join(folder, "other"), "wb") as file:
        file.write(b"something else")
    code, told = openssl(
        folder, "-verify", "-in", "reply.tsr", "-data", "other", "-CAfile", authority
    )
    yield "openssl ts refuses the stamp for other data", code != 0, told

    openssl(folder, "-query", "-data", "data", "-sha1", "-cert", "-out", "weak.tsq")
    with open(os.path.join(folder, "weak.tsq"), "rb") as file:
        reply = stamp(visitor, file.read())
    with open(os.path.join(folder, "weak.tsr"), "wb") as file:
        file.write(reply)
    _, told = openssl(folder, "-reply", "-in", "weak.tsr", "-text")
    yield "SHA-1 is rejected: badAlg", "unrecognized or unsupported algorithm" in told, told
    words = ["-query", "-data", "data", "-sha256", "-tspolicy", "1.2.3.4", "-out", "policy.tsq"]
    openssl(folder, *words)
    with open(os.path.join(folder, "policy.tsq"), "rb") as file:
        reply = stamp(visitor, file.read())
    with open(os.path.join(folder, "policy.tsr"), "wb") as file:
        file.write(reply)
    _, told = openssl(folder, "-reply", "-in", "policy.tsr", "-text")
    yield "another policy is rejected", "policy is not supported" in told, told
    yield "junk is rejected too, with 200", len(stamp(visitor, b"\x30\x03junk")) > 5, ""

    with open(authority, "rb") as file:
        root = x509.load_pem_x509_certificate(file.read())
    for algorithm in [HashAlgorithm.SHA256, HashAlgorithm.SHA512]:
        builder = TimestampRequestBuilder().data(b"what is stamped").hash_algorithm(algorithm)
        request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
        response = decode_timestamp_response(stamp(visitor, request.as_bytes()))
        verifier = VerifierBuilder.from_request(request).add_root_certificate(root).build()
        verified = verifier.verify_message(response, b"what is stamped")
        yield f"rfc3161-client verifies a {algorithm.name} stamp", verified is True, ""
        serial = response.tst_info.serial_number
        yield "its number has up to 152 bits", 0 < serial < 1 << 152, str(serial)
    digest = hashlib.sha256(b"x").hexdigest()
    status, _, _ = visitor.ask("/tsa", digest.encode(), Content_Type=f"text/plain; a={QUERY}")
    yield "another media type is refused by HTTP", status == 415, str(status)

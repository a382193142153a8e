"""Seals one PDF again and again with pyHanko, and says what it cost.

    python pyhanko_seal.py FILE KEY CERTIFICATE STAMP_KEY STAMP_CERTIFICATE AUTHORITY WARM_UP COUNT

A signature of PAdES level B-T without an appearance, without revocation values; its time-stamp is
made in this process. Keys and certificates are read once. Everything that pyHanko would do less of
is to its favour: the size of the hole is given, the loop of events is one for all files.
"""

import asyncio
import io
import json
import sys
import time

from asn1crypto import algos, cms
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from pyhanko.keys import load_cert_from_pemder, load_private_key_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import as_signing_certificate, simple_cms_attribute
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

# Hexadecimal digits, as many as in the hole of our own seals.
HOLE = 2 * 8192


class Authority(DummyTimeStamper):
    """pyHanko's authority for tests knows only RSA, and reads its key each time; this one signs as
    ours does."""

    def __init__(self, key_file, certificate):
        with open(key_file, "rb") as file:
            self.key = serialization.load_pem_private_key(file.read(), None)
        super().__init__(certificate, None)

    def _sign_tst_info(self, tst_info_data, md_algorithm, dt):
        digest = hashes.Hash(hashes.SHA256())
        digest.update(tst_info_data)
        attributes = cms.CMSAttributes([
            simple_cms_attribute("content_type", "tst_info"),
            simple_cms_attribute("signing_certificate", as_signing_certificate(self.tsa_cert)),
            simple_cms_attribute("message_digest", digest.finalize()),
        ])
        return self.key.sign(attributes.dump(), ECDSA(hashes.SHA256())), attributes

    def _build_signed_data(self, *parts):
        signed = super()._build_signed_data(*parts)
        algorithm = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
        signed["signer_infos"][0]["signature_algorithm"] = algorithm
        return signed


def sealer(key, certificate, stamp_key, stamp_certificate):
    signer = SimpleSigner(
        signing_cert=load_cert_from_pemder(certificate),
        signing_key=load_private_key_from_pemder(key, passphrase=None),
        cert_registry=SimpleCertificateStore(),
    )
    how = PdfSignatureMetadata(
        field_name="Seal",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        embed_validation_info=False,
    )
    authority = Authority(stamp_key, load_cert_from_pemder(stamp_certificate))
    return PdfSigner(how, signer=signer, timestamper=authority)


async def seal(by, content):
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    sealed = await by.async_sign_pdf(writer, bytes_reserved=HOLE)
    return sealed.getbuffer()


async def measured(by, content, count):
    seconds = []
    for _ in range(count):
        began = time.perf_counter()
        sealed = await seal(by, content)
        seconds.append(time.perf_counter() - began)
    return seconds, sealed


def holds(sealed, authority):
    """Whether signature and time-stamp verify, at the level that was asked for."""
    signature = PdfFileReader(io.BytesIO(bytes(sealed))).embedded_signatures[0]
    context = ValidationContext(trust_roots=[load_cert_from_pemder(authority)])
    status = validate_pdf_signature(signature, context, context)
    stamp = status.timestamp_validity
    level = signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    return level and status.intact and status.valid and stamp and stamp.intact and stamp.valid


def main():
    file, *keys, authority, warm_up, count = sys.argv[1:]
    with open(file, "rb") as opened:
        content = opened.read()
    by = sealer(*keys)
    asyncio.run(measured(by, content, int(warm_up)))
    before = time.process_time()
    seconds, sealed = asyncio.run(measured(by, content, int(count)))
    cpu_seconds = time.process_time() - before
    if not holds(sealed, authority):
        sys.exit("what was sealed does not verify")
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds}))


main()

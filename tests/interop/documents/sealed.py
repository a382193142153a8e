"""Sealed documents, judged by programs that know nothing of this house: pyHanko, pdfsig, qpdf,
zbarimg; and held against the profile, field by field."""

import asyncio
import hashlib
import os
import re
import subprocess

from asn1crypto import cms, core, tsp
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.ades import (
    ades_basic_validation,
    ades_with_time_validation,
)
from pyhanko.sign.validation.policy_decl import PdfSignatureValidationSpec, SignatureValidationSpec
from pyhanko.sign.ades.report import AdESPassed
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    CertRevTrustPolicy,
)

PROOF = "2.999.26.1"


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, **more)


def by_pyhanko(path, authority):
    root = load_cert_from_pemder(authority)
    manager = SimpleTrustManager.build(trust_roots=[root])
    policy = CertValidationPolicySpec(
        trust_manager=manager, revinfo_policy=CertRevTrustPolicy(NO_REVOCATION)
    )
    spec = SignatureValidationSpec(cert_validation_policy=policy)
    with open(path, "rb") as file:
        signature = PdfFileReader(file).embedded_signatures[0]
        data, digest = signature.signed_data, signature.compute_digest()
        for name, judge in [
            ("basic", ades_basic_validation),
            ("with time", ades_with_time_validation),
        ]:
            found = asyncio.run(judge(data, spec, raw_digest=digest))
            passed = found.ades_subindic == AdESPassed.OK
            yield f"pyHanko, AdES {name}", passed, str(found.ades_subindic)
        context = ValidationContext(trust_roots=[root])
        status = validate_pdf_signature(signature, context)
        whole = status.coverage.name == "ENTIRE_FILE"
        level = status.modification_level in (None, ModificationLevel.NONE)
        good = status.intact and status.valid and status.trusted and whole and level
        yield "pyHanko, difference analysis: nothing changed since", good, status.summary()


def by_pdfsig(path, folder, documents):
    store = f"sql:{folder}"
    authority = os.path.join(documents, "ca.pem")
    run("certutil", "-N", "-d", store, "--empty-password")
    run("certutil", "-A", "-d", store, "-n", "demo", "-t", "CT,CT,CT", "-a", "-i", authority)
    crl = os.path.join(folder, "ca.crl")
    listed = os.path.join(documents, "ca.crl")
    run("openssl", "crl", "-in", listed, "-outform", "DER", "-out", crl)
    run("crlutil", "-I", "-d", store, "-i", crl)
    told = run("pdfsig", "-nssdir", store, path).stdout
    for line in ["Total document signed", "Signature is Valid", "Certificate is Trusted"]:
        yield f"pdfsig: {line}", line in told, told


def by_profile(path):
    """EN 319 142-1 §6.3 and what this house adds to it."""
    with open(path, "rb") as file:
        data = file.read()
    found = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", data)
    first, before, begin, rest = (int(number) for number in found.groups())
    hole = data[before:begin]
    yield "the byte range leaves out the hole and nothing else", (
        first == 0 and begin + rest == len(data) and hole[:1] == b"<" and hole[-1:] == b">"
    ), str(found.groups())
    digits = hole[1:-1]
    yield "the hole is 8 KiB of lower-case digits", (
        len(digits) == 16384 and re.fullmatch(rb"[0-9a-f]+", digits) is not None
    ), ""
    raw = bytes.fromhex(digits.decode())
    info = cms.ContentInfo.load(raw)
    der = info.dump()
    yield "the signature is DER, zeros behind it", not raw[len(der) :].strip(b"\0"), ""
    yield "and encodes the same again", info.dump(force=True) == der, ""
    signed = info["content"]
    yield "one signer, content elsewhere", (
        len(signed["signer_infos"]) == 1
        and not signed["encap_content_info"]["content"].native
        and signed["version"].native == "v1"
    ), ""
    signer = signed["signer_infos"][0]
    names = sorted(attribute["type"].native for attribute in signer["signed_attrs"])
    wanted = sorted(["content_type", "message_digest", "signing_certificate_v2"])
    yield "exactly the signed attributes of the profile", names == wanted, str(names)
    unsigned = {a["type"].dotted: a["values"] for a in signer["unsigned_attrs"]}
    stamp = "1.2.840.113549.1.9.16.2.14"
    yield "time-stamp and proof, and nothing else unsigned", (
        sorted(unsigned) == sorted([PROOF, stamp])
    ), str(sorted(unsigned))
    token = unsigned[stamp][0]["content"]["encap_content_info"]["content"].parsed
    yield "the stamp is a TSTInfo in whole seconds", (
        isinstance(token, tsp.TSTInfo) and token["gen_time"].native.microsecond == 0
    ), ""
    stamped = token["message_imprint"]["hashed_message"].native
    value = signer["signature"].native
    yield "over the signature value", stamped == hashlib.sha256(value).digest(), ""


def proof_of(path):
    """The text of the proof in a sealed file."""
    with open(path, "rb") as file:
        data = file.read()
    digits = re.search(rb"/Contents <([0-9a-f]+)>", data).group(1)
    info = cms.ContentInfo.load(bytes.fromhex(digits.decode()))
    signer = info["content"]["signer_infos"][0]
    for attribute in signer["unsigned_attrs"]:
        if attribute["type"].dotted == PROOF:
            return core.OctetString.load(attribute["values"][0].dump()).native.decode()
    raise SystemExit("there is no proof in the file")


def by_readers(path, folder):
    told = run("qpdf", "--check", path)
    yield "qpdf finds no error", told.returncode == 0, told.stdout + told.stderr
    picture = os.path.join(folder, "page")
    run("pdftoppm", "-r", "150", "-png", path, picture)
    pages = sorted(name for name in os.listdir(folder) if name.startswith("page"))
    read = run("zbarimg", "-q", "--raw", os.path.join(folder, pages[-1])).stdout.strip()
    for name in pages:
        os.remove(os.path.join(folder, name))
    yield "zbarimg reads the code from the page", (
        re.fullmatch(r"HTTPS://LOCALHOST:\d+/VERIFY/[0-9A-Z]{27}", read) is not None
    ), read
    text = run("pdftotext", "-layout", path, "-").stdout
    yield "the code stands in words beside it", (
        read.rsplit("/", 1)[-1] in text.replace(" ", "")
    ), text

"""Documents sealed by the demo, judged by other people's programs.

    python documents.py --program PATH
"""

import argparse
import base64
import json
import os
import sys
import tempfile

import log
import sealed
import stamps
from portal import Portal

PEOPLE = {
    "aziza": "41507850211172",
    "botir": "30209820212045",
    "zuhra": "40212590210086",
}


class Judgement:
    def __init__(self):
        self.all = self.wrong = 0

    def take(self, judged):
        for what, right, found in judged:
            self.all += 1
            if right:
                print(f"   ok     {what}")
            else:
                self.wrong += 1
                print(f"   WRONG  {what}: {found}")


def certificates(portal, folder):
    """Everyone's certificate in a file, and the log's checkpoint after the first."""
    paths = []
    for login, pinfl in PEOPLE.items():
        path = os.path.join(folder, f"{login}.pdf")
        with open(path, "wb") as file:
            file.write(portal.visitor().sign_in("applicants", login).certificate(pinfl))
        paths.append(path)
        if len(paths) == 1:
            _, _, older = portal.visitor().ask("/tlog/checkpoint")
    return paths, older.decode()


def the_log(portal, paths, older):
    """The log by its second implementation: tree, tiles, and the proofs in files and receipts."""
    with open(portal.told["trust"]) as file:
        vkey = next(v for v in json.load(file)["logs"] if "/documents+" in v)
    visitor = portal.visitor()

    def fetch(path):
        status, _, body = visitor.ask(f"/tlog/{path}")
        if status != 200:
            raise log.Wrong(f"{path} is not there: {status}")
        return body

    read = log.Log(fetch, vkey)
    entries = read.check()
    yield f"tree and tiles of {len(entries)} entries agree", len(entries) >= len(paths), ""
    before = read.goes_on_from(older, vkey, entries)
    yield f"it goes on from its first {before}", before < read.size, f"{before} of {read.size}"
    forged = entries[1:] + entries[:1]
    try:
        read.goes_on_from(older, vkey, forged)
        yield "and a log with its entries in another order does not", False, "it did"
    except log.Wrong:
        yield "and a log with its entries in another order does not", True, ""
    for path in paths:
        text = sealed.proof_of(path)
        index = int(text.splitlines()[1].removeprefix("index "))
        proved = log.check_proof(text, entries[index], vkey)
        yield f"the proof in {os.path.basename(path)} holds", proved == index, ""
        other = entries[index - 1] if index else entries[-1]
        try:
            log.check_proof(text, other, vkey)
            yield "and proves no other entry", False, "it did"
        except log.Wrong:
            yield "and proves no other entry", True, ""
    with open(paths[0], "rb") as file:
        _, _, body = visitor.ask("/verify", file.read(), Content_Type="application/pdf")
    verdict = json.loads(body)
    code = json.loads(base64.urlsafe_b64decode(verdict["jws"].split(".")[1] + "=="))["code"]
    _, _, body = visitor.ask(f"/verify/{code}/receipt")
    for entry in json.loads(body)["entries"]:
        data = base64.b64decode(entry["entry"])
        yield "the receipt's proof holds", log.check_proof(entry["proof"], data, vkey) >= 0, ""


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", required=True)
    program = os.path.abspath(options.parse_args().program)
    judgement = Judgement()
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as folder:
        portal = Portal(program, data)
        try:
            documents = os.path.join(data, "documents")
            authority = os.path.join(documents, "ca.pem")
            paths, older = certificates(portal, folder)
            for path in paths:
                print(f"{os.path.basename(path)}")
                judgement.take(sealed.by_pyhanko(path, authority))
                judgement.take(sealed.by_profile(path))
                judgement.take(sealed.by_readers(path, folder))
                with tempfile.TemporaryDirectory() as store:
                    judgement.take(sealed.by_pdfsig(path, store, documents))
            print("the log")
            judgement.take(the_log(portal, paths, older))
            print("time-stamps")
            judgement.take(stamps.judge(portal, folder, authority))
        finally:
            portal.close()
    print(f"{judgement.all - judgement.wrong} of {judgement.all} judgements were right.")
    sys.exit(1 if judgement.wrong else 0)


if __name__ == "__main__":
    main()

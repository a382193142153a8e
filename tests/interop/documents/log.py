"""A second implementation of the documents' log: RFC 6962 trees, C2SP tlog-tiles, signed-note and
tlog-proof, written from the specifications alone.

    python log.py PLACE VKEY [--ca FILE] [--proof FILE]… [--older CHECKPOINT]…

reads a log at an address or in a folder and says whether it holds: exit code 0 or 1.
"""

import argparse
import base64
import hashlib
import os
import ssl
import struct
import sys
import urllib.error
import urllib.request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Wrong(Exception):
    """What does not hold."""


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(hashes):
    """RFC 6962 §2.1, by its recursion."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(root_of(hashes[:split]), root_of(hashes[split:]))


def read_vkey(vkey):
    """Name, key id and key of a C2SP verifier key."""
    name, keyid, data = vkey.split("+", 2)
    data = base64.b64decode(data, validate=True)
    if data[0] != 1:
        raise Wrong("the key is no Ed25519 key")
    wanted = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if wanted.hex() != keyid:
        raise Wrong("the key's id is not its own")
    return name, wanted, Ed25519PublicKey.from_public_bytes(data[1:])


def open_checkpoint(note, vkey):
    """Size and root of a signed checkpoint."""
    name, keyid, key = read_vkey(vkey)
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    for line in signatures.splitlines():
        mark, signer, blob = line.split(" ")
        blob = base64.b64decode(blob, validate=True)
        if mark != "—" or signer != name or blob[:4] != keyid:
            continue
        try:
            key.verify(blob[4:], text.encode())
        except InvalidSignature:
            raise Wrong("the checkpoint's signature does not hold")
        origin, size, root = text.splitlines()[:3]
        if origin != name:
            raise Wrong("the checkpoint is of another log")
        return int(size), base64.b64decode(root, validate=True)
    raise Wrong("the checkpoint is not signed by the log")


def tile_path(kind, index, width):
    parts = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        parts.insert(0, f"x{index % 1000:03}")
    partial = "" if width == 256 else f".p/{width}"
    return f"tile/{kind}/{'/'.join(parts)}{partial}"


class Log:
    """A log read through `fetch`, which gives the bytes of a path below its address."""

    def __init__(self, fetch, vkey):
        self.fetch = fetch
        self.size, self.root = open_checkpoint(fetch("checkpoint").decode(), vkey)

    def members(self, kind, size):
        """The bytes of all tiles of one kind, with how many members each has."""
        for index in range((size + 255) // 256):
            width = min(256, size - index * 256)
            yield self.fetch(tile_path(kind, index, width)), width

    def entries(self):
        found = []
        for bundle, width in self.members("entries", self.size):
            before = len(found)
            while bundle:
                (length,) = struct.unpack(">H", bundle[:2])
                found.append(bundle[2 : 2 + length])
                bundle = bundle[2 + length :]
            if len(found) - before != width:
                raise Wrong("a bundle has another number of entries")
        return found

    def check(self):
        """Every entry, every tile of every level, and the root."""
        entries = self.entries()
        hashes = [leaf_hash(entry) for entry in entries]
        if root_of(hashes) != self.root:
            raise Wrong("the entries do not give the signed root")
        level, row = 0, hashes
        while row:
            for index, (tile, width) in enumerate(self.members(str(level), len(row))):
                wanted = b"".join(row[index * 256 : index * 256 + width])
                if tile != wanted:
                    raise Wrong(f"a tile of level {level} is not what follows from the entries")
            full = len(row) // 256
            row = [root_of(row[i * 256 : i * 256 + 256]) for i in range(full)]
            level += 1
        return entries

    def goes_on_from(self, note, vkey, entries):
        """Whether an older checkpoint is of the beginning of this log."""
        size, root = open_checkpoint(note, vkey)
        if size > self.size:
            raise Wrong("the older checkpoint is of a larger tree")
        if root_of([leaf_hash(entry) for entry in entries[:size]]) != root:
            raise Wrong("the older checkpoint is of another log: this one was forked")
        return size


def check_proof(text, entry, vkey):
    """An inclusion proof (C2SP tlog-proof, RFC 9162 §2.1.3.2): the index it proves."""
    head, checkpoint = text.split("\n\n", 1)
    lines = head.splitlines()
    if lines[0] != "c2sp.org/tlog-proof@v1":
        raise Wrong("it is no proof")
    index = int(lines[1].removeprefix("index "))
    path = [base64.b64decode(line, validate=True) for line in lines[2:]]
    size, root = open_checkpoint(checkpoint, vkey)
    if index >= size:
        raise Wrong("the proof is beyond the tree")
    at, last, found = index, size - 1, leaf_hash(entry)
    for sibling in path:
        if last == 0:
            raise Wrong("the proof is too long")
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    if last or found != root:
        raise Wrong("the proof does not lead to the root")
    return index


def reader(place, authority):
    """What gives the bytes of a path below an address or a folder."""
    if not place.startswith(("http://", "https://")):

        def from_folder(path):
            try:
                with open(os.path.join(place, path), "rb") as file:
                    return file.read()
            except FileNotFoundError:
                raise Wrong(f"{path} is not there")

        return from_folder
    trusting = ssl.create_default_context(cafile=authority)

    def from_address(path):
        try:
            with urllib.request.urlopen(f"{place.rstrip('/')}/{path}", context=trusting) as answer:
                return answer.read()
        except urllib.error.HTTPError as refused:
            raise Wrong(f"{path} is not there: {refused.code}")

    return from_address


def text_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("place", help="the address or the folder of the log")
    options.add_argument("vkey", help="the log's key, as signed-note writes it")
    options.add_argument("--ca", help="whom to trust for the address, PEM")
    options.add_argument("--proof", action="append", default=[])
    options.add_argument("--older", action="append", default=[])
    given = options.parse_args()
    try:
        log = Log(reader(given.place, given.ca), given.vkey)
        entries = log.check()
        print(f"{log.size} entries, all tiles and the signed root agree")
        for path in given.proof:
            text = text_of(path)
            index = int(text.splitlines()[1].removeprefix("index "))
            if index >= len(entries):
                raise Wrong("the proof is beyond the tree")
            check_proof(text, entries[index], given.vkey)
            print(f"{path} proves entry {index}")
        for path in given.older:
            size = log.goes_on_from(text_of(path), given.vkey, entries)
            print(f"{path} is of the first {size} entries")
    except (Wrong, ValueError) as wrong:
        print(f"it does not hold: {wrong}")
        sys.exit(1)


if __name__ == "__main__":
    main()

"""Calls of gRPC and a WebSocket through the gateway, between other people's programs.

    python calls.py --program PATH
"""

import argparse
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
from concurrent import futures

import grpc
import websockets.exceptions
import websockets.sync.client
import websockets.sync.server

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "documents"))

from gateway import START_SECONDS_MAX, Gateway  # noqa: E402
from portal import Portal  # noqa: E402


class Calls(grpc.GenericRpcHandler):
    """The e-service: a server of grpcio."""

    def service(self, details):
        if details.method == "/portal.Calls/Ask":
            return grpc.unary_unary_rpc_method_handler(self.ask)
        if details.method == "/portal.Calls/Talk":
            return grpc.stream_stream_rpc_method_handler(self.talk)
        return None

    def ask(self, asked, context):
        if asked == b"fail":
            context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")
        if asked == b"wait":
            context.add_callback(self.left.set)
            self.left.wait()
        vouched = "muhrdor-assertion" in dict(context.invocation_metadata())
        return b"%s %s" % (asked, str(vouched).encode())

    def talk(self, said, _):
        for message in said:
            yield message

    left = threading.Event()


def echo(connection):
    for message in connection:
        connection.send(message)


def certificate(folder):
    """One that grpcio reads: it knows no names of addresses in an authority, as the demo's has."""

    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=calls",
            "-days", "2", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    with open(os.path.join(folder, "names"), "w") as file:
        file.write("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", "server.pem", "-days", "2", "-extfile", "names")
    os.chmod(os.path.join(folder, "server.key"), 0o600)


def gateway_of(program, portal, folder, upstreams):
    """A gateway with the e-services of these checks."""
    shutil.copytree(os.path.join(ROOT, "policies"), os.path.join(folder, "policies"))
    sections = ""
    for name, lines in upstreams.items():
        described = os.path.join(folder, "policies", "services", f"{name}.toml")
        shutil.copy(os.path.join(HERE, f"{name}.toml"), described)
        sections += f"\n[upstreams.{name}]\n{lines}\n"
    values = {
        "dir": f"{folder}/policies",
        "certificate": f"{folder}/server.pem",
        "key": f"{folder}/server.key",
    }
    return Gateway(program, portal, folder, values, sections)


def outcome(call):
    """How a call ended that was to fail."""
    try:
        return f"answered {call()}"
    except grpc.RpcError as ended:
        return f"{ended.code().name} {ended.details()}"


def called(channel, token):
    """What grpcio's client and server are to each other with the gateway between them."""
    known = (("authorization", token),)
    ask = channel.unary_unary("/live/portal.Calls/Ask")
    talk = channel.stream_stream("/live/portal.Calls/Talk")
    said = [b"a", b"b", b"c" * 100_000]
    yield "a call is answered, and vouched for", ask(b"hi", metadata=known), b"hi True"
    yield "messages go both ways", list(talk(iter(said), metadata=known)), said
    failed = outcome(lambda: ask(b"fail", metadata=known))
    yield "the e-service's outcome", failed, "NOT_FOUND no such thing"
    yield "nobody in particular", outcome(lambda: ask(b"hi")), "UNAUTHENTICATED sign_in_needed"
    late = outcome(lambda: ask(b"wait", metadata=known, timeout=1))
    yield "a deadline", late.split()[0], "DEADLINE_EXCEEDED"
    heard = Calls.left.wait(timeout=START_SECONDS_MAX)
    yield "which the e-service hears of", heard, True
    unknown = channel.unary_unary("/live/portal.Calls/No")
    other = outcome(lambda: unknown(b"", metadata=known))
    yield "a method that is none", other, "NOT_FOUND unknown_operation"


def spoken(gateway, folder):
    """What two WebSocket libraries are to each other, up to the end of the house."""
    trusting = ssl.create_default_context(cafile=os.path.join(folder, "ca.pem"))
    url = f"wss://localhost:{gateway.port}/chat/talk"
    with websockets.sync.client.connect(url, ssl=trusting) as connection:
        for message in ["hello", b"x" * 300_000]:
            connection.send(message)
            yield f"{len(message)} characters come back", connection.recv() == message, True
        gateway.leave()
        try:
            ended = connection.recv()
        except websockets.exceptions.ConnectionClosed as closed:
            ended = closed.rcvd and closed.rcvd.code
        yield "the end of the house is told", ended, 1001


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", required=True)
    program = os.path.abspath(options.parse_args().program)
    service = grpc.server(futures.ThreadPoolExecutor(8))
    service.add_generic_rpc_handlers((Calls(),))
    calls = service.add_insecure_port("127.0.0.1:0")
    service.start()
    chat = websockets.sync.server.serve(echo, "127.0.0.1", 0)
    threading.Thread(target=chat.serve_forever, daemon=True).start()
    upstreams = {
        "live": f'address = "127.0.0.1:{calls}"\nprotocol = "http2"',
        "chat": f'address = "127.0.0.1:{chat.socket.getsockname()[1]}"',
    }
    wrong = 0
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as folder:
        certificate(folder)
        portal = Portal(program, data)
        try:
            gateway = gateway_of(program, portal, folder, upstreams)
            with open(os.path.join(folder, "ca.pem"), "rb") as file:
                trusted = grpc.ssl_channel_credentials(file.read())
            channel = grpc.secure_channel(f"localhost:{gateway.port}", trusted)
            token = portal.system("social-agency-system").headers["Authorization"]
            for seen in (called(channel, token), spoken(gateway, folder)):
                for what, found, wanted in seen:
                    right = found == wanted
                    wrong += not right
                    print(f"   ok     {what}" if right else f"   WRONG  {what}: {found}")
            channel.close()
            wrong += gateway.close() != 0
        finally:
            portal.close()
            service.stop(None)
            chat.shutdown()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

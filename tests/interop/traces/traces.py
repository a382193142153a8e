"""Spans of the gateway, read by the protocol's own definitions.

    python traces.py --program PATH
"""

import argparse
import base64
import http.server
import os
import queue
import ssl
import sys
import tempfile
import threading
import urllib.request

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "documents"))

from gateway import START_SECONDS_MAX, Gateway  # noqa: E402
from portal import Portal  # noqa: E402

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes exports and keeps them."""

    exports = queue.Queue()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.exports.put((self.path, self.headers["content-type"], body))
        answer = json_format.MessageToJson(trace_service_pb2.ExportTraceServiceResponse()).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def digits(identity):
    """What was written: the mapping to JSON has bytes in base64, OTLP has ids as hexadecimal digits."""
    return base64.b64encode(identity).decode()


def told(exports):
    """All spans; a field that is not in the protocol is an error."""
    spans = []
    for path, kind, body in exports:
        request = trace_service_pb2.ExportTraceServiceRequest()
        json_format.Parse(body, request, ignore_unknown_fields=False)
        yield "a path and a type", (path, kind), ("/v1/traces", "application/json")
        for resource in request.resource_spans:
            named = {a.key: a.value.string_value for a in resource.resource.attributes}
            yield "the service", named["service.name"], "muhrdor"
            spans += [span for scope in resource.scope_spans for span in scope.spans]
    kinds = trace_pb2.Span.SpanKind
    server = [s for s in spans if s.kind == kinds.SPAN_KIND_SERVER]
    client = [s for s in spans if s.kind == kinds.SPAN_KIND_CLIENT]
    yield "a span a request, and one for its e-service", (len(server), len(client)), (2, 1)
    [asked] = [s for s in server if s.name == "pension-fund.info.page"]
    [none] = [s for s in server if s is not asked]
    yield "in the caller's trace", digits(asked.trace_id), TRACE
    yield "under the caller's span", digits(asked.parent_span_id), PARENT
    yield "the e-service's under it", client[0].parent_span_id, asked.span_id
    inside = asked.start_time_unix_nano <= client[0].start_time_unix_nano
    ends = client[0].end_time_unix_nano <= asked.end_time_unix_nano
    yield "and within its time", inside and ends, True
    status = {a.key: a.value.int_value for a in asked.attributes}
    yield "a status that is a number", status["http.response.status_code"], 200
    outcome = {a.key: a.value.string_value for a in none.attributes}
    yield "what nobody answers", outcome["muhrdor.outcome"], "unknown_operation"


def ask(gateway, portal, path, **headers):
    request = urllib.request.Request(f"https://localhost:{gateway.port}{path}", headers=headers)
    trusting = ssl.create_default_context(cafile=portal.told["ca"])
    try:
        urllib.request.urlopen(request, context=trusting).read()
    except urllib.error.HTTPError as refused:
        refused.read()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", required=True)
    program = os.path.abspath(options.parse_args().program)
    collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    sections = f"""
[telemetry]
trace_sources = ["127.0.0.0/8"]

[telemetry.otlp]
endpoint = "http://127.0.0.1:{collector.server_port}/v1/traces"
batch_ms_max = 60000
"""
    wrong = 0
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as folder:
        portal = Portal(program, data)
        try:
            gateway = Gateway(program, portal, folder, {}, sections)
            ask(gateway, portal, "/pension/info", traceparent=f"00-{TRACE}-{PARENT}-01")
            ask(gateway, portal, "/nobody")
            # What has ended is sent before the house ends.
            wrong += gateway.close() != 0
            exports = [Collector.exports.get(timeout=START_SECONDS_MAX)]
            while not Collector.exports.empty():
                exports.append(Collector.exports.get())
            for what, found, wanted in told(exports):
                right = found == wanted
                wrong += not right
                print(f"   ok     {what}" if right else f"   WRONG  {what}: {found}")
        finally:
            portal.close()
            collector.shutdown()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

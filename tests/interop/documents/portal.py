"""The demo's portal as a client sees it: started, signed in to, asked."""

import html
import http.cookiejar
import json
import re
import ssl
import subprocess
import urllib.error
import urllib.parse
import urllib.request


class Portal:
    """A running demo. What it says about itself is in `told`."""

    def __init__(self, program, data_dir):
        command = [program, "demo", "--listen", "127.0.0.1:0", "--data-dir", data_dir, "--json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the demo did not start")
        self.told = json.loads(line)
        self.address = self.told["portal"]
        self.trusting = ssl.create_default_context(cafile=self.told["ca"])

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=30)

    def visitor(self):
        return Visitor(self)

    def system(self, client):
        """A visitor with the bearer token of a body's system."""
        known = next(s for s in self.told["systems"] if s["client_id"] == client)
        fields = {
            "grant_type": "client_credentials",
            "client_id": client,
            "client_secret": known["client_secret"],
        }
        body = urllib.parse.urlencode(fields).encode()
        with urllib.request.urlopen(known["token_endpoint"], body) as answer:
            token = json.load(answer)["access_token"]
        visitor = self.visitor()
        visitor.headers["Authorization"] = f"Bearer {token}"
        return visitor


class Visitor:
    """Someone with a cookie jar."""

    def __init__(self, portal):
        self.portal = portal
        self.headers = {}
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        tls = urllib.request.HTTPSHandler(context=portal.trusting)
        self.opener = urllib.request.build_opener(jar, tls)

    def ask(self, path, body=None, **headers):
        """Status, head and body of an answer, whatever its status."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = urllib.parse.urljoin(self.portal.address, path)
        request = urllib.request.Request(url, body, {**self.headers, **named})
        try:
            with self.opener.open(request) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers, refused.read()

    def sign_in(self, realm, login):
        browsing = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
        start = f"{self.portal.address}/oauth2/start?realm={realm}&rd=%2Fservices"
        with self.opener.open(urllib.request.Request(start, headers=browsing)) as answer:
            page, here = answer.read().decode(), answer.geturl()
        form = next(f for f in re.findall(r"<form.*?</form>", page, re.S) if "login" in f)
        action = html.unescape(re.search(r'action="([^"]+)"', form).group(1))
        fields = {}
        for field in re.findall(r"<input[^>]*>", form):
            name = re.search(r'name="([^"]*)"', field)
            value = re.search(r'value="([^"]*)"', field)
            if name:
                fields[name.group(1)] = html.unescape(value.group(1)) if value else ""
        fields.update(login=login, password=f"{login}-demo")
        body = urllib.parse.urlencode(fields).encode()
        there = urllib.parse.urljoin(here, action)
        with self.opener.open(urllib.request.Request(there, body, browsing)) as answer:
            if answer.status != 200:
                raise SystemExit(f"{login} cannot sign in")
        return self

    def certificate(self, pinfl):
        """One's own birth certificate, sealed."""
        status, _, body = self.ask(
            f"/civil/records/{pinfl}/birth-certificate",
            b"{}",
            Content_Type="application/json",
            Origin=self.portal.address,
        )
        if status != 200:
            raise SystemExit(f"no certificate: {status} {body[:200]}")
        return body

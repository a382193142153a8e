"""A second gateway beside the demo's, on a config of its own."""

import os
import re
import socket
import subprocess
import time
import urllib.request

START_SECONDS_MAX = 60


def vacant():
    """A port that nobody else gets, kept by a socket that does not listen."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    return kept, kept.getsockname()[1]


class Gateway:
    """The demo's config with other values for some keys, and sections more. Its stores are made."""

    def __init__(self, program, portal, folder, values, sections):
        self.kept = vacant(), vacant()
        (_, self.port), (_, admin) = self.kept
        with open(portal.told["config"]) as file:
            config = file.read()
        for key, value in {
            "public": f"127.0.0.1:{self.port}",
            "admin": f"127.0.0.1:{admin}",
            "control": f"{folder}/control.sock",
            "data_dir": f"{folder}/store",
            "lock_dir": f"{folder}/lock",
            **values,
        }.items():
            config = re.sub(rf"(?m)^{key} = .*$", f'{key} = "{value}"', config, count=1)
        path = os.path.join(os.path.dirname(portal.told["config"]), "second.toml")
        with open(path, "w") as file:
            file.write(config + sections)
        for verb in (["keys", "init"], ["check"]):
            subprocess.run([program, *verb, "--config", path], check=True)
        self.process = subprocess.Popen([program, "serve", "--config", path])
        began = time.monotonic()
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{admin}/readyz").close()
                return
            except OSError:
                if time.monotonic() - began > START_SECONDS_MAX:
                    raise
                time.sleep(0.1)

    def leave(self):
        self.process.terminate()

    def close(self):
        self.leave()
        return self.process.wait(timeout=60)

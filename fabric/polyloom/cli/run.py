"""`polyloom run`: a Lisp file, on the embedded fleet, a local process or a fleet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

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
@click.option(
    "--run",
    "run",
    metavar="NAME",
    callback=options.run_name,
    help="record what it does, and go on there when it is started again",
)
@click.argument("args", nargs=-1)
def command(file: Path, url: str | None, prefix: str | None, workers: int, run: str | None, args: tuple[str, ...]) -> None:
    settings = Settings.from_env(os.environ, prefix=prefix)
    url = url or os.environ.get("POLYLOOM_URL")
    start(file, url, settings, args, run, workers)


def start(
    file: Path, url: str | None, settings: Settings, args: Sequence[str], run: str | None = None, workers: int = 1
) -> NoReturn:
    """Run a script to its end, and end with its status. A run without a URL is kept in a folder of the current one."""
    script = [node.find_node(), "--enable-source-maps", node.find_script("cli/run.js"), str(file)]
    script += ["--run", run] if run is not None else []
    if url is not None:
        _check(url, run)
        _become([*script, "--url", url, "--prefix", settings.prefix, "--", *args])
    sys.exit(_run_embedded(script, settings, workers, args, options.STORE if run is not None else None))


def _check(url: str, run: str | None) -> None:
    if url == "stdio:" and run is not None:
        raise click.BadParameter("a local process records nothing; leave --url out, or name a fleet", param_hint="--url")
    if url != "stdio:":
        try:
            Settings(url=url).redis_url()
        except UsageError as error:
            raise click.BadParameter(f"{error}; {error.hint}", param_hint="--url") from None


def _become(command: list[str]) -> NoReturn:
    sys.stdout.flush()
    os.environ.setdefault("POLYLOOM_PYTHON", sys.executable)
    os.execv(command[0], command)


def _run_embedded(script: Sequence[str], settings: Settings, workers: int, args: Sequence[str], keep: Path | None) -> int:
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # so that the fleet is stopped
    with Fleet(settings, workers, keep=keep) as fleet:
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

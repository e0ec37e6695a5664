"""`polyloom up`: a development fleet until Ctrl-C."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time

import click

from polyloom.cli import options
from polyloom.embedded import Fleet, child
from polyloom.settings import Settings


@click.command(help="Start a development fleet: an embedded Valkey, workers and Flower, until Ctrl-C.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True)
@click.option("--port", type=int, default=0, help="port of the server on loopback; any free one by default")
@click.option("--flower-port", type=int, default=5555, show_default=True)
@options.allow
@options.prefix
def command(workers: int, port: int, flower_port: int, **flags: object) -> None:
    settings = Settings.from_env(os.environ, **flags)
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # so that all of it is stopped
    with Fleet(settings, workers, port) as fleet:
        click.echo(f"fleet    {fleet.url}   ({workers} worker{'s' * (workers != 1)})")
        flower = _start_flower(fleet.url, settings.prefix, flower_port)
        click.echo(f"try      polyloom run examples/founding.lisp --url {fleet.url}\nstop     Ctrl-C")
        try:
            while True:
                fleet.check()
                time.sleep(0.5)
        except KeyboardInterrupt:
            click.echo("stopping")
        finally:
            if flower is not None:
                flower.terminate()
                flower.wait()


def _start_flower(url: str, prefix: str, port: int) -> subprocess.Popen[bytes] | None:
    if importlib.util.find_spec("flower") is None:
        click.echo("flower   not installed: pip install 'polyloom[flower]'")
        return None
    click.echo(f"flower   http://127.0.0.1:{port}")
    command = [sys.executable, "-m", "polyloom", "flower", "--url", url, "--prefix", prefix, "--port", str(port)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=child.bind)

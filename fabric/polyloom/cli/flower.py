"""`polyloom flower`: Celery's monitor on this fleet."""

from __future__ import annotations

import importlib.util
import os
import sys

import click

from polyloom.cli import options
from polyloom.errors import UsageError


@click.command(help="Watch the fleet in the browser. It listens on loopback only: its pages have no password by default.")
@options.url
@options.prefix
@click.option("--address", default="127.0.0.1", show_default=True)
@click.option("--port", default=5555, show_default=True)
@click.option("--basic-auth", metavar="USER:PASSWORD", help="ask for a password")
def command(address: str, port: int, basic_auth: str | None, **flags: str | None) -> None:
    if importlib.util.find_spec("flower") is None:
        raise UsageError("Flower is not installed", hint="pip install 'polyloom[flower]'")
    for flag, value in flags.items():
        if value:
            os.environ[f"POLYLOOM_{flag.upper()}"] = value
    arguments = [f"--address={address}", f"--port={port}"] + ([f"--basic-auth={basic_auth}"] if basic_auth else [])
    celery = [sys.executable, "-m", "celery", "-A", "polyloom_workers.app", "flower"]
    os.execv(sys.executable, [*celery, *arguments])

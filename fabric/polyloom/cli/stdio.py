"""`polyloom stdio`: becomes the local host."""

from __future__ import annotations

import os
import sys

import click


@click.command(help="Serve one client on standard input and output: frames, or one JSON object a line.")
def command() -> None:
    os.execv(sys.executable, [sys.executable, "-m", "polyloom_workers.stdio"])

"""Flags that several commands share."""

from __future__ import annotations

import re
from pathlib import Path

import click

STORE = Path(".polyloom", "runs").absolute()  # where runs without a fleet are recorded
RUN_NAME = re.compile(r"[A-Za-z0-9_.:/@+-]{1,128}")

url = click.option("--url", metavar="URL", help="redis://…, rediss://…, unix:///path or stdio:  [POLYLOOM_URL]")
prefix = click.option("--prefix", metavar="TEXT", help="prefix of all Redis keys  [POLYLOOM_PREFIX]")
allow = click.option(
    "--allow", metavar="PATTERN", multiple=True, help="a module that clients may use, 'numpy.*', or '*' for all  [POLYLOOM_ALLOW]"
)


def run_name(_context: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    """Check the name of a run."""
    if name is not None and not RUN_NAME.fullmatch(name):
        raise click.BadParameter("a name has letters, digits and _.:/@+-, at most 128 of them")
    return name

"""Flags that several commands share."""

from __future__ import annotations

import click

url = click.option("--url", metavar="URL", help="redis://…, rediss://…, unix:///path or stdio:  [POLYLOOM_URL]")
prefix = click.option("--prefix", metavar="TEXT", help="prefix of all Redis keys  [POLYLOOM_PREFIX]")
allow = click.option(
    "--allow", metavar="PATTERN", multiple=True, help="a module that clients may use, 'numpy.*', or '*' for all  [POLYLOOM_ALLOW]"
)

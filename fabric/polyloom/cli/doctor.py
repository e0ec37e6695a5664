"""`polyloom doctor`: what is wrong with a fleet, and how to mend it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

import click

from polyloom.checkup import Checkup, Finding
from polyloom.cli import options
from polyloom.keys import Keys
from polyloom.servers import open_client, typed
from polyloom.settings import Settings

MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failure": ("✗", "red")}


@click.command(
    help="Check a fleet: the server and its settings, access, clock, workers, versions. Exit status 1 when something fails."
)
@options.url
@options.prefix
@click.option("--json", "as_json", is_flag=True, help="one JSON array, for programs")
def command(as_json: bool, **flags: str | None) -> None:
    settings = Settings.from_env(os.environ, **flags)
    client = open_client(settings.redis_url(), decode_responses=True)
    with typed(settings.url):
        findings = list(Checkup(client, Keys(settings.prefix), settings.secret).findings())
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            _print(finding)
    sys.exit(any(finding.level == "failure" for finding in findings))


def _print(finding: Finding) -> None:
    mark, color = MARKS[finding.level]
    click.echo(f"{click.style(mark, fg=color)} {finding.subject:12} {finding.text}")
    if finding.mend:
        click.echo(f"  {'':12} mend: {finding.mend}")

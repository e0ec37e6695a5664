"""`polyloom worker`: becomes a Celery worker that serves sessions."""

from __future__ import annotations

import os
import sys

import click

from polyloom.cli import options
from polyloom.settings import NOT_GIVEN


@click.command(help="Start a worker of a fleet: a Celery worker that serves sessions, and jobs with --jobs.")
@options.url
@options.allow
@options.prefix
@click.option("--jobs", is_flag=True, help="also take jobs from the shared queue")
@click.option("--threads", type=click.IntRange(1), help="programs that run at the same time  [POLYLOOM_THREADS]")
@click.option("--sessions", type=click.IntRange(1), help="sessions that it takes, of all clients  [POLYLOOM_SESSIONS]")
@click.option("--waiting", type=click.IntRange(1), help="bytes of programs that may wait there  [POLYLOOM_WAITING]")
@click.option("--lease", type=float, help="seconds after which a dead worker is given up  [POLYLOOM_LEASE]")
@click.option("--grace", type=float, help="seconds for the programs that run when it is asked to end  [POLYLOOM_GRACE]")
@click.option(
    "--label", "labels", metavar="LABEL", multiple=True, help="what clients may ask for: gpu, zone=a  [POLYLOOM_LABELS]"
)
@click.option("--name", metavar="TEXT", help="name in Celery and Flower, before the host's")
@click.option("--processes", type=click.IntRange(1), default=1, show_default=True, help="start so many, and anew what dies")
@click.option("--log-level", default="INFO", show_default=True)
def command(jobs: bool, name: str | None, processes: int, log_level: str, **flags: object) -> None:
    arguments = ["--log-level", log_level]
    arguments += ["--jobs"] if jobs else []
    for flag, value in flags.items():
        if value not in NOT_GIVEN:
            os.environ[f"POLYLOOM_{flag.upper()}"] = " ".join(value) if isinstance(value, tuple) else str(value)
    name = name or "polyloom"
    if processes > 1:
        module = ["polyloom_workers.supervisor", str(processes), name]
    else:
        module = ["polyloom_workers.worker", "--name", name]
    os.execv(sys.executable, [sys.executable, "-m", *module, *arguments])

"""`polyloom ps`: the workers of a fleet, their clients and sessions, what these hold, and objects shared under names."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

import click

from polyloom.census import Census, Record
from polyloom.cli import options
from polyloom.keys import Keys
from polyloom.servers import now, open_client, typed
from polyloom.settings import Settings
from polyloom.signing import HINT

SHOWN = 3  # types of objects in a row


@click.command(help="Show the live workers of a fleet, their sessions and what these hold.")
@options.url
@options.prefix
@click.option("--wait", type=click.FloatRange(0), default=2.0, show_default=True, help="seconds for the workers to answer")
@click.option("--json", "as_json", is_flag=True, help="one JSON array, for programs")
def command(as_json: bool, wait: float, **flags: str | None) -> None:
    settings = Settings.from_env(os.environ, **flags)
    client = open_client(settings.redis_url(), decode_responses=True)
    with typed(settings.url):
        workers = Census(client, Keys(settings.prefix), settings.secret).take(wait)
        moment = now(client)
    if as_json:
        click.echo(json.dumps(workers))
    else:
        _print(workers, moment)


def _print(workers: list[Record], moment: float) -> None:
    from rich.console import Console

    console = Console()
    console.print(_workers(workers, moment))
    sessions = [(worker, client, one) for worker in workers for client in worker["clients"] or () for one in client["sessions"]]
    if sessions:
        console.print(_sessions(sessions))
    shared = [(worker, one) for worker in workers for one in worker["shared"] or ()]
    if shared:
        console.print(_shared(shared))
    for worker in workers:
        if not worker["verified"]:
            console.print(f"{worker['id']} has another secret, or none: its answer cannot be verified ({HINT})", style="yellow")
        elif worker["clients"] is None:
            console.print(f"{worker['id']} did not answer: it is stopped, or something holds its interpreter", style="yellow")


def _workers(workers: list[Record], moment: float) -> Any:
    from rich.table import Table

    names = "worker", "host", "pid", "labels", "sessions", "running", "inbox", "lease", "up", "python", "version"
    table = Table(*names, title=f"{len(workers)} live worker{'s' * (len(workers) != 1)}")
    for worker in workers:
        load = str(worker["sessions"]), str(worker["running"]), str(worker["inbox"])
        times = f"{worker['lease_ms'] / 1000:.1f} s", f"{moment - worker['started']:,.0f} s"
        where = worker["id"], worker["host"], str(worker["pid"]), " ".join(worker["labels"])
        table.add_row(*where, *load, *times, worker["python"], worker["version"])
    return table


def _sessions(sessions: list[tuple[Record, Record, Record]]) -> Any:
    from rich.table import Table

    names = "client", "mailbox", "session", "worker", "programs", "waiting", "state", "held", "most of them"
    table = Table(*names, title=f"{len(sessions)} session{'s' * (len(sessions) != 1)}")
    for worker, client, one in sessions:
        state = "at work" if one["running"] else "idle"
        counts = str(one["programs"]), str(one["waiting"]), state, str(one["held"])
        table.add_row(client["client"], str(client["mailbox"]), one["session"], worker["id"], *counts, _types(one["types"]))
    return table


def _shared(shared: list[tuple[Record, Record]]) -> Any:
    from rich.table import Table

    table = Table("name", "type", "worker", title=f"{len(shared)} shared object{'s' * (len(shared) != 1)}")
    for worker, one in shared:
        table.add_row(one["name"], one["type"], worker["id"])
    return table


def _types(types: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in Counter(types).most_common(SHOWN))

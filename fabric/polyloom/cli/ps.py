"""`polyloom ps`: the workers of a fleet."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict

import click

from polyloom.cli import options
from polyloom.keys import Keys
from polyloom.registry import RedisRegistry, Worker
from polyloom.servers import open_client
from polyloom.settings import Settings


@click.command(help="List the live workers of a fleet.")
@options.url
@options.prefix
@click.option("--json", "as_json", is_flag=True, help="one JSON array, for programs")
def command(as_json: bool, **flags: str | None) -> None:
    settings = Settings.from_env(os.environ, **flags)
    client = open_client(settings.redis_url())
    workers = RedisRegistry(client, Keys(settings.prefix)).workers()
    if as_json:
        click.echo(json.dumps([asdict(worker) for worker in workers]))
    else:
        _print(workers)


def _print(workers: list[Worker]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "worker", "host", "pid", "python", "version", "up", title=f"{len(workers)} live worker{'s' * (len(workers) != 1)}"
    )
    for worker in workers:
        up = f"{time.time() - worker.started:,.0f} s"
        table.add_row(worker.id, worker.host, str(worker.pid), worker.python, worker.version, up)
    Console().print(table)

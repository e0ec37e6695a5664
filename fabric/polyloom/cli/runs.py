"""`polyloom runs`: what scripts with `--run NAME` have recorded."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from polyloom.cli import options
from polyloom.cli.run import start
from polyloom.embedded import Server
from polyloom.errors import UsageError
from polyloom.journal import Recorded, Run, Runs
from polyloom.keys import Keys
from polyloom.servers import open_client
from polyloom.settings import Settings

SHOWN = 60  # characters of a result


@click.group(invoke_without_command=True, help="Show, resume and forget the runs of scripts that were started with --run NAME.")
@options.url
@options.prefix
@click.option("--json", "as_json", is_flag=True, help="one JSON array, for programs")
@click.pass_context
def command(context: click.Context, /, as_json: bool, **flags: str | None) -> None:
    context.obj = Settings.from_env(os.environ, **flags)
    if context.invoked_subcommand is None:
        context.invoke(list_, as_json=as_json)


@command.command("list", help="All runs, the oldest first.")
@click.option("--json", "as_json", is_flag=True, help="one JSON array, for programs")
@click.pass_obj
def list_(settings: Settings, as_json: bool = False) -> None:
    with _open(settings) as runs:
        found = runs.all()
    if as_json:
        click.echo(json.dumps([asdict(run) for run in found]))
    else:
        _print(found)


@command.command(help="The steps that a run has recorded.")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="one JSON object, for programs")
@click.pass_obj
def show(settings: Settings, name: str, as_json: bool) -> None:
    with _open(settings) as runs:
        run, log = runs.find(name), runs.log(name)
    if as_json:
        steps = [{"n": one.n, "at": one.at, **one.program, **one.reply} for one in log]
        click.echo(json.dumps(asdict(run) | {"steps": steps}))
    else:
        _print_steps(run, log)


@command.command(
    help="Start the script of a run again, as it was started. What is recorded is not done again; a step that failed is."
)
@click.argument("name")
@click.pass_obj
def resume(settings: Settings, name: str) -> None:
    with _open(settings) as runs:
        run = runs.find(name)
        if not run.script:
            raise UsageError(f"the run {name} belongs to no script", hint="its program opens the session by itself; start that")
        if runs.retry(name):
            click.echo(f"polyloom: the last step of {name} has failed, and is tried again", err=True)
    os.chdir(run.folder)
    url = None if settings.url == "stdio:" else settings.url
    start(Path(run.script), url, settings, json.loads(run.args or "[]"), name)


@command.command(
    help="Remove what runs have recorded: those that are named, or all that --done and --older say. A script that is started "
    "with such a name begins anew."
)
@click.argument("names", nargs=-1)
@click.option("--done", is_flag=True, help="all that are done")
@click.option(
    "--older", metavar="DAYS", type=click.FloatRange(min=0), help="all whose last step is so many days ago, done or not"
)
@click.option("--force", is_flag=True, help="also one that is named and at work: it ends")
@click.pass_obj
def forget(settings: Settings, names: tuple[str, ...], done: bool, older: float | None, force: bool) -> None:
    chosen = done or older is not None
    if bool(names) == chosen:
        raise UsageError("say which runs to forget: by their names, or by --done and --older", hint="polyloom runs shows them")
    with _open(settings) as runs:
        found = runs.select(done=done, days=older) if chosen else [runs.find(name) for name in names]
        for run in found:
            runs.forget(run.name, force=force)
    click.echo(f"forgot {_count(found)}, {_size(sum(run.octets for run in found))}")


@contextmanager
def _open(settings: Settings) -> Iterator[Runs]:
    """Open the logs of a fleet, or without a URL those in the folder of the embedded one."""
    if settings.url != "stdio:":
        yield Runs(open_client(settings.redis_url()), Keys(settings.prefix))
        return
    if not options.STORE.exists():
        raise UsageError(f"no runs are recorded in {options.STORE.parent}", hint="name a fleet with --url, or change the folder")
    server = Server(keep=options.STORE)
    server.start()
    try:
        yield Runs(open_client(server.url), Keys(settings.prefix))
    finally:
        server.stop()


def _print(runs: list[Run]) -> None:
    from rich.console import Console
    from rich.table import Table

    title = f"{_count(runs)}, {_size(sum(run.octets for run in runs))}"
    table = Table("run", "state", "steps", "size", "began", "last step", "script", title=title)
    for run in runs:
        size, times = _size(run.octets), (_time(run.started), _time(run.updated))
        table.add_row(run.name, run.state, str(run.recorded), size, *times, _command(run))
    Console().print(table)


def _print_steps(run: Run, log: list[Recorded]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("step", "at", "asked", "came to", title=f"{run.name}: {run.state}, {run.recorded} steps", highlight=False)
    for one in log:
        asked = ", ".join(_words(op) for op in one.program["ops"] if op[0] not in ("pull", "import", "release"))
        results = ", ".join(_short(result) for result in one.reply["results"])
        table.add_row(str(one.n), _time(one.at), asked[:SHOWN], results[:SHOWN])
    Console().print(table)


def _words(op: list[Any]) -> str:
    target = op[2] if len(op) > 2 else ""
    names = target[2:] if type(target) is list and target[:1] == ["ref"] else []
    arguments = json.dumps(op[3])[1:-1] if op[0] == "call" else ""
    return f"{op[0]} {'.'.join(map(str, names))}({arguments})" if op[0] == "call" else op[0]


def _short(result: Any) -> str:
    if type(result) is list and result[:1] == ["error"]:
        return f"{result[1].get('type', result[1].get('code'))}: {result[1].get('message', '')}"
    return json.dumps(result)


def _command(run: Run) -> str:
    return shlex.join([os.path.relpath(run.script), *json.loads(run.args or "[]")]) if run.script else ""


def _count(runs: list[Run]) -> str:
    return f"{len(runs)} run{'s' * (len(runs) != 1)}"


def _size(octets: int) -> str:
    return f"{octets / 2**20:,.1f} MiB" if octets >= 1 << 20 else f"{octets / 1024:,.1f} KiB"


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")

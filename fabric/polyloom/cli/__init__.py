"""The command `polyloom`. Each command is a file here; what it needs is imported when it runs, so that all start fast."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from polyloom import __version__
from polyloom.errors import PolyloomError, UsageError

COMMANDS = {
    "doctor": "say what is wrong with a fleet, and how to mend it",
    "flower": "watch workers, sessions and jobs in the browser",
    "ps": "show the workers of a fleet, their sessions and objects",
    "run": "run a Lisp file on the embedded fleet, a local process or a fleet",
    "runs": "show, resume and forget the runs of scripts that record what they do",
    "stdio": "serve one client on standard input and output",
    "up": "start a development fleet: Valkey, workers, Flower",
    "worker": "serve sessions, and jobs with --jobs",
}


class Commands(click.Group):
    """Loads a command's file when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"polyloom.cli.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            commands = ", ".join(sorted(COMMANDS))
            raise click.UsageError(f"{error.message}\nThe commands are: {commands}.", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="polyloom")
def polyloom() -> None:
    """Live Python objects for JavaScript, TypeScript and a small Lisp, on a fleet of Celery workers."""


def main() -> None:
    """Run the command line; exit status 0 on success, 1 when what ran failed, 2 on wrong usage."""
    try:
        polyloom()
    except PolyloomError as error:
        click.echo(f"polyloom: {error}", err=True)
        if error.hint:
            click.echo(f"  hint: {error.hint}", err=True)
        sys.exit(2 if isinstance(error, UsageError) else 1)

"""The printed table: a line for each check, then the figures, then what falls short."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from frame.check import Verdict
from frame.figure import Figure
from frame.number import text
from frame.row import Outcome

COLUMNS = ("row", "what", "ratio", "in single rounds", "target", "")


def verdicts(outcomes: Sequence[Outcome]) -> Table:
    table = Table(title="Ratios of medians, one run")
    for name in COLUMNS:
        table.add_column(name, justify="right" if name in COLUMNS[2:5] else "left")
    for outcome in outcomes:
        for verdict in outcome.verdicts:
            table.add_row(outcome.row.id, verdict.check.title, *_judged(verdict))
        table.add_section()
    return table


def _judged(verdict: Verdict) -> tuple[str, ...]:
    spread = f"{text(verdict.low)} to {text(verdict.high)}" if verdict.ratio is not None else "-"
    style = "green" if verdict.ok else "red"
    return text(verdict.ratio), spread, verdict.check.target, f"[{style}]{verdict.words}[/]"


def figures(outcome: Outcome) -> Table:
    table = Table(title=f"{outcome.row.id}: {outcome.row.title}", title_justify="left")
    for name in ("", "median", "lowest", "highest", "unit"):
        table.add_column(name, justify="right" if name not in ("", "unit") else "left")
    for figure in outcome.figures.values():
        table.add_row(figure.label, *_measured(figure))
    return table


def _measured(figure: Figure) -> tuple[str, ...]:
    if figure.missing:
        return "missing", "", "", figure.unit
    return text(figure.median), text(min(figure.rounds)), text(max(figure.rounds)), figure.unit


def missing(outcomes: Sequence[Outcome]) -> list[str]:
    """Each reason once, with all that it kept from being measured."""
    reasons: dict[str, list[str]] = {}
    for outcome in outcomes:
        for figure in outcome.figures.values():
            if figure.missing:
                reasons.setdefault(figure.missing, []).append(f"{outcome.row.id} {figure.label}")
    return [f"Missing: {'; '.join(labels)}: {reason}" for reason, labels in reasons.items()]


def show(console: Console, outcomes: Sequence[Outcome], reports: Sequence[str]) -> None:
    for outcome in outcomes:
        console.print(figures(outcome))
    console.print(verdicts(outcomes))
    for words in (*missing(outcomes), *reports):
        console.print(words, markup=False)
    short = [outcome.row.id for outcome in outcomes if not outcome.ok]
    console.print(f"Fall short: {', '.join(short)}" if short else "All targets reached.")

"""The table of right and wrong, for terminals and as Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from compare.case import Case
from compare.contestant import Contestant
from compare.outcome import Outcome

Outcomes: TypeAlias = Mapping[tuple[str, str], Outcome]  # by contestant and case

STYLES = {"right": "green", "missing": "dim", "lacks": "yellow", "refuses": "yellow"}


def counted(contestant: Contestant, cases: Sequence[Case], outcomes: Outcomes) -> int:
    return sum(outcomes[contestant.name, case.id].right for case in cases if not case.planned)


def total(contestants: Sequence[Contestant], cases: Sequence[Case], outcomes: Outcomes) -> str:
    """Of 72 cases: polyloom 72, pythonia 40."""
    names = (f"{one.name} {_count(one, cases, outcomes)}" for one in contestants)
    return f"Of {sum(not case.planned for case in cases)} cases: {', '.join(names)}"


def _count(one: Contestant, cases: Sequence[Case], outcomes: Outcomes) -> str:
    if all(outcomes[one.name, case.id].kind == "missing" for case in cases):
        return "missing"
    return str(counted(one, cases, outcomes))


def show(console: Console, contestants: Sequence[Contestant], cases: Sequence[Case], outcomes: Outcomes) -> None:
    table = Table(title="Right and wrong", show_lines=False)
    for name in ("case", "", *(one.name for one in contestants)):
        table.add_column(name, overflow="fold")
    theme = ""
    for case in cases:
        if case.theme != theme:
            table.add_section()
            table.add_row(f"[bold]{case.theme}{' (planned, not counted)' if case.planned else ''}[/]")
            theme = case.theme
        cells = [outcomes[one.name, case.id] for one in contestants]
        table.add_row(case.id, escape(case.sentence), *map(_styled, cells))
    console.print(table)
    for words in (*absences(contestants, cases, outcomes), *concessions(cases), total(contestants, cases, outcomes)):
        console.print(words, markup=False)


def absences(contestants: Sequence[Contestant], cases: Sequence[Case], outcomes: Outcomes) -> list[str]:
    found = [(one, outcomes[one.name, cases[0].id]) for one in contestants]
    return [f"Missing: {one.name}: {outcome.words}" for one, outcome in found if outcome.kind == "missing"]


def concessions(cases: Sequence[Case]) -> list[str]:
    return [f"Conceded: {case.sentence}: {case.conceded}." for case in cases if case.conceded and not case.planned]


def _styled(outcome: Outcome) -> str:
    return f"[{STYLES.get(outcome.kind, 'red')}]{escape(str(outcome))}[/]"


def page(contestants: Sequence[Contestant], cases: Sequence[Case], outcomes: Outcomes) -> str:
    """The same in Markdown."""
    lines = ["# Right and wrong", "", "Made by `make compare`.", "", f"{total(contestants, cases, outcomes)}.", ""]
    head = ["", "case", *(one.name for one in contestants)]
    lines += [_row(head), _row("---" for _ in head)]
    for case in cases:
        sentence = f"{case.sentence}{' *(planned, not counted)*' if case.planned else ''}"
        cells = [str(outcomes[one.name, case.id]) for one in contestants]
        lines.append(_row([" ".join(case.behaviours), sentence, *map(_quoted, cells)]))
    for words in (*absences(contestants, cases, outcomes), *concessions(cases)):
        lines += ["", words]
    return "\n".join(lines) + "\n"


def _quoted(cell: str) -> str:
    kind, colon, words = cell.partition(": ")
    code = words.replace("`", "'").replace("|", "\\|")
    return f"**{kind}**{colon}`{code}`" if colon else (kind if kind == "right" else f"**{kind}**")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"

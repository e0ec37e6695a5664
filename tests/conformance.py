"""Which test holds which behaviour: read from the titles of the tests and tests/scenarios/behaviours.json, never written by hand.

A title names behaviours by their ids, `B12 …`, `C28 to C36 …`; where a test has other reasons for its name, the table points to
it. What no test names needs a reason in the table. `make conformance` writes the page; a unit test compares it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "tests" / "scenarios" / "behaviours.json"
PAGE = ROOT / "docs" / "reference" / "conformance.md"
NODE_TESTS = ROOT / "node-client" / "test"
SHOWN = 3  # tests named for one behaviour; the others are counted

TITLE = re.compile(r"""\b(check|test)\(\s*(['"`])((?:\\.|(?!\2).)*)\2""", re.DOTALL)
LABEL = re.compile(r"\b([A-L])(\d{1,3})\b(?: to [A-L](\d{1,3})\b)?")
DEFINITION = re.compile(r"^def (test_\w+)", re.MULTILINE)

HEAD = """# Conformance

What a first-class bridge gets right, one behaviour a line, and the tests that hold it. Made by `make conformance` from the titles
of the tests and `tests/scenarios/behaviours.json`; the tests themselves run in `make test`, so a line that names a test
is a line that passes. *scripted* is a host written for the test; *stdio* and *redis* are real Python processes and real workers.

"""


class Case(NamedTuple):
    """One test: its file from the root, its title, and the transports it runs on."""

    file: str
    title: str
    transports: tuple[str, ...]


def node_cases() -> Iterator[Case]:
    """Yield every test of the Node client."""
    for path in sorted(NODE_TESTS.rglob("*.test.ts")):
        interop = path.parent.name == "interop"
        for kind, _, title in TITLE.findall(path.read_text()):
            shown = re.sub(r"\$\{.*?\}", "…", title.replace("\\'", "'"))
            yield Case(path.relative_to(ROOT).as_posix(), shown, _transports(kind, title, path.stem, interop))


def _transports(kind: str, title: str, file: str, interop: bool) -> tuple[str, ...]:
    if not interop:
        return ("scripted",)
    if kind == "check" or "${name}" in title:
        return ("stdio", "redis")
    return ("redis",) if "redis" in (title.lower() + file) else ("stdio",)


def python_cases() -> Iterator[Case]:
    """Yield every test of Python."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in DEFINITION.findall(path.read_text()):
            yield Case(path.relative_to(ROOT).as_posix(), name, (path.parent.name,))


def ids_in(title: str) -> set[str]:
    """Return the ids that a title names: `A1`, `C28 to C36`."""
    return {f"{group}{n}" for group, first, last in LABEL.findall(title) for n in range(int(first), int(last or first) + 1)}


def held() -> dict[str, list[Case]]:
    """Return the tests of each behaviour, those on real hosts first."""
    cases = list(node_cases())
    known = {f"{case.file}::{case.title}": case for case in [*cases, *python_cases()]}
    found: dict[str, list[Case]] = {}
    for one in read()["behaviours"]:
        named = [case for case in cases if one["id"] in ids_in(case.title)]
        named += [known[reference] for reference in one.get("tests", ())]
        found[one["id"]] = sorted(named, key=lambda case: case.transports == ("scripted",))
    return found


def read() -> Any:
    """Return the declared table."""
    return json.loads(TABLE.read_text())


def render() -> str:
    """Return the whole page."""
    table, tests = read(), held()
    tested = sum(bool(cases) for cases in tests.values())
    lines = [HEAD + f"{tested} of {len(tests)} are held by tests; the others say why not.\n"]
    for letter, name in table["groups"].items():
        lines.append(f"\n## {letter}. {name}\n\n| | behaviour | state | transports | tests |\n|---|---|---|---|---|\n")
        lines += [_row(one, tests[one["id"]]) for one in table["behaviours"] if one["id"][0] == letter]
    return "".join(lines)


def _row(behaviour: Any, cases: list[Case]) -> str:
    if not cases:
        return _line(behaviour["id"], behaviour["text"], f"not there yet: {behaviour['missing']}", "", "")
    state = "passes" + (f"; {behaviour['note']}" if "note" in behaviour else "")
    places = sorted({transport for case in cases for transport in case.transports})
    skips = [f"no {transport}: {reason}" for transport, reason in behaviour.get("skips", {}).items()]
    shown = [f"`{Path(case.file).name}` {case.title}" for case in cases[:SHOWN]]
    more = [f"and {len(cases) - SHOWN} more"] if len(cases) > SHOWN else []
    return _line(behaviour["id"], behaviour["text"], state, "; ".join([", ".join(places), *skips]), "<br>".join(shown + more))


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"


if __name__ == "__main__":
    PAGE.write_text(render())
    print(f"wrote {PAGE.relative_to(ROOT)}")

"""The comparison: `python -m compare [--only nan,bytes] [--peer polyloom,pythonia]`, in `bench/`."""

import argparse
import sys
from collections.abc import Callable, Sequence

from rich.console import Console

from compare import results, table
from compare.case import Case, cases
from compare.contestant import CONTESTANTS, Contestant
from compare.outcome import Outcome
from compare.trial import run
from frame import peers


def names(known: Sequence[str]) -> Callable[[str], list[str]]:
    def chosen(text: str) -> list[str]:
        unknown = [name for name in text.split(",") if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"no {', '.join(unknown)}; there are {', '.join(known)}")
        return text.split(",")

    return chosen


def arguments(known: Sequence[Case]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="compare", description="Runs the same cases on Polyloom and its peers.")
    ids = [case.id for case in known] + list(dict.fromkeys(case.theme for case in known))
    parser.add_argument("--only", type=names(ids), metavar="nan,bytes", help="some cases, or themes")
    parser.add_argument("--peer", type=names(list(CONTESTANTS)), metavar="polyloom,pythonia", help="some contestants")
    return parser.parse_args()


def main() -> int:
    """Status 1 when a case of ours is wrong and not conceded; what the peers do is no error."""
    known = cases()
    options = arguments(known)
    contestants = [one for one in CONTESTANTS.values() if one.name in (options.peer or CONTESTANTS)]
    chosen = [case for case in known if not options.only or {case.id, case.theme} & set(options.only)]
    reports = [] if all(one.ours for one in contestants) else peers.install()
    console = Console(width=None if sys.stdout.isatty() else 200)
    outcomes = measured(console, contestants, chosen)
    table.show(console, contestants, chosen, outcomes)
    for words in reports:
        console.print(words, markup=False)
    if not options.only and not options.peer:
        results.write(contestants, chosen, outcomes, reports)
    return int(any(surprising(case, one, outcomes) for case in chosen for one in contestants))


def measured(console: Console, contestants: Sequence[Contestant], chosen: Sequence[Case]) -> table.Outcomes:
    outcomes: dict[tuple[str, str], Outcome] = {}
    with console.status("") as status:

        def report(one: Contestant, case: Case, outcome: Outcome) -> None:
            outcomes[one.name, case.id] = outcome
            status.update(f"{one.name}: {case.id}")

        for one in contestants:
            run(one, chosen, report)
    return outcomes


def surprising(case: Case, one: Contestant, outcomes: table.Outcomes) -> bool:
    """Tell whether ours is wrong without a reason that the case gives."""
    return one.ours and not (case.planned or case.conceded or outcomes[one.name, case.id].right)


if __name__ == "__main__":
    sys.exit(main())

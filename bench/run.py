"""The side-by-side benchmarks: `run.py [--only P1,P5] [--quick]`."""

import argparse
import sys

from rich.console import Console

from frame import machine, peers, picture, results, table
from frame.places import PICTURE
from frame.rounds import FULL, QUICK, Measurement, Pace
from frame.row import Outcome, Row
from rows import ROWS


def chosen(text: str) -> list[Row]:
    unknown = [name for name in text.split(",") if name not in ROWS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    return [ROWS[name] for name in text.split(",")]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures Polyloom beside its peers.")
    parser.add_argument("--only", type=chosen, default=list(ROWS.values()), metavar="P1,P5")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, fewer calls: to see that all works")
    return parser.parse_args()


def measured(row: Row, pace: Pace, console: Console) -> Outcome:
    with console.status(row.id) as status:
        return Measurement(row, pace, lambda words: status.update(f"{row.id}: {words}")).run()


def main() -> int:
    """Status 1 when something of ours broke; a target that is missed is no error."""
    options = arguments()
    console = Console(width=None if sys.stdout.isatty() else 140)
    seen = machine.describe()
    reports = peers.install()
    outcomes = [measured(row, QUICK if options.quick else FULL, console) for row in options.only]
    table.show(console, outcomes, reports)
    results.write(seen, outcomes, reports)
    PICTURE.write_text(picture.draw(outcomes))
    return 1 if any(outcome.broken for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())

"""The simulation: `python -m scale [--quick]`, in `bench/`. Writes `scale/results.md`, and prints it."""

import argparse
import sys

from frame import machine
from scale import memory, page, placement, trial

SESSIONS, WORKERS = (10, 100, 1_000), (2, 10, 50)
FEW, *MORE = WORKERS
SELDOM = 20.0  # programs in a second: for two workers what RATE is for fifty
OFTEN = 2_000.0  # programs in a second: reads and writes bring several at once
CELLS = [
    *((FEW, sessions, trial.RATE) for sessions in SESSIONS),
    *((workers, SESSIONS[-1], trial.RATE) for workers in MORE),
    (WORKERS[-1], 100, trial.RATE),
    (FEW, 100, SELDOM),
    (FEW, SESSIONS[-1], OFTEN),
    (WORKERS[-1], SESSIONS[-1], OFTEN),
]
PLACEMENTS = ((2, 0), (50, 0), (1_000, 0), (1_000, 1_000), (1_000, 10_000))  # workers, reservations
SECONDS = 10.0  # at rest, and at the rate


def main() -> None:
    parser = argparse.ArgumentParser(prog="scale", description="Shows what programs and fleets cost, by their number.")
    parser.add_argument("--quick", action="store_true", help="two cells, short: to see that all works; the page is not written")
    quick = parser.parse_args().quick
    seen = machine.describe()
    cells = []
    for workers, sessions, rate in CELLS[:2] if quick else CELLS:
        say(f"{sessions} sessions on {workers} workers, {rate:g} programs a second")
        cells.append(trial.measure(workers, sessions, rate, 2 if quick else SECONDS))
    say("memory")
    shares = memory.measure()
    say("placement")
    found = [placement.measure(*one) for one in (PLACEMENTS[:2] if quick else PLACEMENTS)]
    if not quick:
        page.write(seen, cells, shares, found)
    for part in (page.programs(cells), page.rest(cells), page.memory(shares), page.placements(found)):
        print(part)


def say(words: str) -> None:
    print(f"· {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

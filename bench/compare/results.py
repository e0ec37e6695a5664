"""`results.json` and `results.md`: a whole run for whoever reads it later."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from compare.case import Case
from compare.contestant import Contestant
from compare.places import PAGE, RESULTS
from compare.table import Outcomes, page
from frame import machine


def write(contestants: Sequence[Contestant], cases: Sequence[Case], outcomes: Outcomes, reports: Sequence[str]) -> None:
    rows = [{**asdict(case), "outcomes": _of(case, contestants, outcomes)} for case in cases]
    text = json.dumps({"machine": machine.describe(), "cases": rows, "not_installed": list(reports)}, indent=2)
    RESULTS.write_text(text + "\n")
    PAGE.write_text(page(contestants, cases, outcomes))


def _of(case: Case, contestants: Sequence[Contestant], outcomes: Outcomes) -> dict[str, Any]:
    return {one.name: asdict(outcomes[one.name, case.id]) for one in contestants}

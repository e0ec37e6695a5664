"""`results.json`: the figures for whoever reads them later."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from frame.places import RESULTS
from frame.row import Outcome


def write(machine: Mapping[str, Any], outcomes: Sequence[Outcome], reports: Sequence[str]) -> None:
    rows = [outcome.as_json() for outcome in outcomes]
    text = json.dumps({"machine": machine, "rows": rows, "not_installed": list(reports)}, indent=2)
    RESULTS.write_text(text + "\n")

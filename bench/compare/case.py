"""The cases, as the scripts in `node/` and `cases/` declare them."""

import json
import subprocess
from dataclasses import dataclass

from compare.places import NODE_SCRIPTS
from frame.places import NODE


@dataclass(frozen=True)
class Case:
    """`planned` cases are run and shown, but not counted; `conceded` says why ours is wrong and stays so."""

    id: str
    theme: str
    behaviours: tuple[str, ...]
    sentence: str
    expected: str
    planned: bool
    conceded: str


def cases() -> list[Case]:
    listed = subprocess.run([NODE, NODE_SCRIPTS / "list.mjs"], capture_output=True, text=True, check=True)
    return [Case(**{**one, "behaviours": tuple(one["behaviours"])}) for one in json.loads(listed.stdout)]

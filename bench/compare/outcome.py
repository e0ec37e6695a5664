"""What came of one case."""

import json
from dataclasses import dataclass
from typing import Self

WITHOUT_WORDS = ("right", "hangs", "missing")  # in a cell of a table


@dataclass(frozen=True)
class Outcome:
    """`kind`: right, wrong, refuses, lacks, hangs, dies, missing; `words` say what was got, or why."""

    kind: str
    words: str = ""

    @classmethod
    def read(cls, text: str) -> Self:
        return cls(**json.loads(text))

    @property
    def right(self) -> bool:
        return self.kind == "right"

    def __str__(self) -> str:
        return self.kind if self.kind in WITHOUT_WORDS or not self.words else f"{self.kind}: {self.words}"

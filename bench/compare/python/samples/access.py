"""An object whose names collide with those of JavaScript, and functions with all kinds of parameters."""

import math
from typing import Any

__all__ = ["Box", "accept", "is_kept", "keep", "letters", "math"]


class Box:
    length = "seven"

    def __init__(self) -> None:
        self.tags: list[str] = []
        self.total = 0

    def add(self, amount: int) -> int:
        self.total += amount
        return self.total

    def call(self, value: Any) -> list[Any]:
        return ["call", value]

    def apply(self, value: Any) -> list[Any]:
        return ["apply", value]

    def then(self, value: Any) -> list[Any]:
        return ["then", value]

    def toString(self) -> str:
        return "mine"

    @property
    def fixed(self) -> int:
        return 1


def accept(first: Any, options: Any = None, *, scale: float = 1) -> list[Any]:
    return [first, options, scale]


def letters() -> dict[str, str]:
    return {"2020-01-01": "a", "3d": "b"}


KEPT: list[Box] = []


def keep() -> Box:
    KEPT.append(Box())
    return KEPT[-1]


def is_kept(box: Any) -> bool:
    return box is KEPT[-1]

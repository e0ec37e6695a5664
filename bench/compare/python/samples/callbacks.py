"""Functions that call what they are given."""

import threading
from collections.abc import Callable
from typing import Any

KEPT: list[Callable[..., Any]] = []


def invoke(function: Callable[..., Any], *values: Any) -> Any:
    return function(*values)


def call_with_keyword(function: Callable[..., Any]) -> Any:
    return function(1, scale=2)


def outcome(function: Callable[..., Any]) -> list[str]:
    """What calling it did: the value, or the words of the exception."""
    try:
        return ["returned", repr(function())]
    except Exception as error:
        return ["raised", str(error)]


def call_in_thread(function: Callable[..., Any], value: Any) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(function(value)))
    thread.start()
    thread.join()
    return results[0]


def start(function: Callable[..., Any], value: Any) -> None:
    threading.Thread(target=function, args=(value,)).start()


def keep(function: Callable[..., Any]) -> int:
    KEPT.append(function)
    return len(KEPT)


def call_kept(value: Any) -> Any:
    return KEPT[-1](value)  # a worker has those of earlier cases, too


def kept_are_equal() -> bool:
    return KEPT[-1] == KEPT[-2]


def described(function: Callable[..., Any]) -> str:
    return repr(function())


def add(a: int, b: int) -> int:
    return a + b


def side(square: Any) -> Any:
    return square["side"] if isinstance(square, dict) else square.side


class Shape:
    def area(self) -> float:
        return 0


def area(shape: Shape) -> float:
    return shape.area()

"""Functions that fail in ways of their own, and one that does not."""

import os
import sys


class Lost(Exception):
    """An exception with more than a message."""


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def refuse() -> None:
    raise ValueError("too heavy")


def lose() -> None:
    raise Lost("key", 7)


def rethrow() -> None:
    try:
        refuse()
    except ValueError as error:
        raise Lost("at the gate") from error


def mute() -> None:
    raise Mute


def leave() -> None:
    sys.exit(3)


def interrupt() -> None:
    raise KeyboardInterrupt


def fall() -> None:
    fall()


def die() -> None:
    os._exit(3)


def add(a: int, b: int) -> int:
    return a + b

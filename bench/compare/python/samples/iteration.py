"""Generators and coroutines."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator

CLOSED: list[str] = []


def numbers() -> Iterator[int]:
    yield from range(1, 4)


def broken() -> Iterator[int]:
    yield 1
    yield 2
    raise ValueError("item 3")


def endless() -> Iterator[int]:
    return itertools.count(1)


def guarded() -> Iterator[int]:
    try:
        yield from itertools.count(1)
    finally:
        CLOSED.append("closed")


def closed() -> list[str]:
    return CLOSED


def marks() -> Iterator[str]:
    yield from ("a", "$$STOPITER", "b")


async def ticks() -> AsyncIterator[int]:
    for number in (1, 2, 3):
        await asyncio.sleep(0)
        yield number


async def answer() -> int:
    await asyncio.sleep(0)
    return 42

"""Drives one contestant from Python; the mirror of node/drive.mjs.

A contestant is a module whose `open_calls(*args)` gives {name: Call}. Clients without an event
loop fly calls by starting them first and waiting later: `start(i)` gives a function that waits.
"""

import json
import sys
import time
from collections import deque
from collections.abc import Callable
from importlib import import_module
from itertools import islice
from statistics import median
from typing import Any, NamedTuple, TypeAlias

Wait: TypeAlias = Callable[[], Any]
Start: TypeAlias = Callable[[int], Wait]


class Call(NamedTuple):
    start: Start
    right: Callable[[Any, int], bool]


class WrongAnswerError(Exception):
    """The peer is fast but not right."""


def sequential(start: Start, request: dict[str, Any]) -> dict[str, float]:
    times = []
    for i in range(request["count"]):
        begin = time.perf_counter()
        start(i)()
        times.append(time.perf_counter() - begin)
    return {"seconds": sum(times), "median": median(times)}


def window(start: Start, request: dict[str, Any]) -> dict[str, float]:
    begin = time.perf_counter()
    calls = (start(i) for i in range(request["count"]))
    flying = deque(islice(calls, request["window"]))
    while flying:
        flying.popleft()()
        flying.extend(islice(calls, 1))
    return {"seconds": time.perf_counter() - begin}


def burst(start: Start, request: dict[str, Any]) -> dict[str, float]:
    begin = time.perf_counter()
    for wait in [start(i) for i in range(request["count"])]:
        wait()
    return {"seconds": time.perf_counter() - begin}


MODES = {"sequential": sequential, "window": window, "burst": burst}


def checked(call: Call) -> Start:
    def start(i: int) -> Wait:
        wait = call.start(i)
        return lambda: check(wait(), i)

    def check(result: object, i: int) -> None:
        if not call.right(result, i):
            raise WrongAnswerError(f"to call {i}: {result!r:.80}")

    return start


def answer(calls: dict[str, Call], request: dict[str, Any]) -> dict[str, Any]:
    call = calls[request["call"]]
    try:
        return MODES[request["mode"]](checked(call) if request["check"] else call.start, request)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def reply(value: dict[str, Any]) -> None:
    print(f"> {json.dumps(value)}", flush=True)


def main(module: str, *args: str) -> None:
    calls = import_module(module).open_calls(*args)
    reply({"ready": True})
    for line in sys.stdin:
        reply(answer(calls, json.loads(line)))


if __name__ == "__main__":
    main(*sys.argv[1:])

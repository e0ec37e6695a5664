"""What the fault tests have in common: clients that end with the test, a place for effects, rounds."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from load import Effects, Load

ROUNDS = int(os.environ.get("POLYLOOM_FAULT_ROUNDS", "1"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes a `seed` once for each round; the first ones are the same in every run."""
    if "seed" in metafunc.fixturenames:
        chance = random.Random(metafunc.definition.nodeid)
        metafunc.parametrize("seed", [chance.randrange(1 << 30) for _ in range(ROUNDS)])


@pytest.fixture
def effects(tmp_path: Path) -> Effects:
    """What the programs of this test do to the world."""
    return Effects(tmp_path)


@pytest.fixture
def start_load(tmp_path: Path) -> Iterator[Callable[..., Load]]:
    """Start clients: `start_load(url, **plan)`."""
    started: list[Load] = []

    def start(url: str, **plan: Any) -> Load:
        started.append(Load(tmp_path, url, **plan))
        return started[-1]

    yield start
    for one in started:
        one.kill()

"""The contestants: which script speaks for one, and how to tell that its package is there."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from compare.absence import absence
from compare.fleet import Fleet


class Host(Protocol):
    """What a contestant needs while it runs: it is made ready before each case."""

    def environment(self) -> dict[str, str]: ...


class NoHost:
    def environment(self) -> dict[str, str]:
        return {}


@dataclass(frozen=True)
class Contestant:
    """`package` names a peer; without one it is ours."""

    name: str
    script: str
    package: str | None = None
    redis: bool = False

    @property
    def ours(self) -> bool:
        return self.package is None

    def host(self) -> AbstractContextManager[Host]:
        return _fleet() if self.redis else nullcontext(NoHost())

    def missing(self) -> str:
        """Why it cannot run; empty when it can."""
        return absence(self.package) if self.package else ""


@contextmanager
def _fleet() -> Iterator[Host]:
    fleet = Fleet()
    try:
        yield fleet
    finally:
        fleet.close()


CONTESTANTS = {
    one.name: one
    for one in (
        Contestant("polyloom", "polyloom"),
        Contestant("polyloom redis", "polyloom", redis=True),
        Contestant("pythonia", "pythonia", "pythonia"),
        Contestant("node-calls-python", "node-calls-python", "node-calls-python"),
    )
}

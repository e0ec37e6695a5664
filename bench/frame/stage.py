"""What one row runs on: a Redis, services, contestants; started when needed, ended together."""

import time
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Self

import redis

from contestants import CONTESTANTS, SERVICES
from frame.child import Child, ChildError
from frame.driver import Driver
from frame.server import Server

START = 60.0  # seconds for a contestant to be ready
POLL = 0.05


class Stage:
    def __init__(self) -> None:
        self._ending = ExitStack()
        self._services: dict[str, Child] = {}
        self._drivers: dict[str, Driver] = {}
        self._failed: dict[str, ChildError] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.close()

    @cached_property
    def url(self) -> str:
        server = Server()
        self._ending.callback(server.close)
        return server.url

    def driver(self, name: str) -> Driver:
        """The driver of a contestant, ready to be asked."""
        if name in self._failed:
            raise self._failed[name]
        if name not in self._drivers:
            self._drivers[name] = self._open(name)
        return self._drivers[name]

    def _open(self, name: str) -> Driver:
        contestant = CONTESTANTS[name]
        for service in contestant.services:
            self.serve(service)
        driver = Driver(self._filled(contestant.drive), contestant.env)
        self._ending.callback(driver.close)
        try:
            driver.hear(START)
        except ChildError as error:
            reason = f"{error} {self._services_lost(contestant.services)}".strip()
            self._failed[name] = ChildError(reason)
            raise self._failed[name] from error
        return driver

    def serve(self, name: str) -> Child:
        """A service, started when it is first asked for."""
        if name not in self._services:
            service = SERVICES[name]
            env = {key: self._fill(value) for key, value in service.env.items()}
            self._services[name] = Child(self._filled(service.command), env)
            self._ending.callback(self._services[name].close)
        return self._services[name]

    def await_workers(self, prefix: str, number: int) -> None:
        """Wait until so many workers are registered."""
        deadline = time.monotonic() + START
        with redis.Redis.from_url(self.url) as server:
            while server.zcard(f"{prefix}workers") < number:
                if time.monotonic() > deadline:
                    raise ChildError(f"no {number} workers registered in {START:g} s")
                time.sleep(POLL)

    def _services_lost(self, names: tuple[str, ...]) -> str:
        lost = [name for name in names if not self._services[name].alive()]
        return " ".join(f"({name} ended: {self._services[name].last_words()})" for name in lost)

    def _filled(self, command: tuple[str, ...]) -> list[str]:
        return [self._fill(item) for item in command]

    def _fill(self, item: str) -> str:
        return item.replace("{url}", self.url) if "{url}" in item else item

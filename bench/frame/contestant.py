"""A contestant: a driver that makes the calls, and the services at the far end of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from frame.places import NODE, NODE_SOURCES, PYTHON, PYTHON_SOURCES

Command: TypeAlias = tuple[str, ...]  # "{url}" in an item stands for the Redis of the row


@dataclass(frozen=True)
class Service:
    command: Command
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contestant:
    """`package` names a peer that is somebody else's: its failure is told and breaks nothing."""

    drive: Command
    services: tuple[str, ...] = ()  # names in SERVICES
    package: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)


def node(module: str, *args: str) -> Command:
    return (NODE, str(NODE_SOURCES / "drive.mjs"), module, *args)


def node_service(module: str, *args: str) -> Command:
    return (NODE, str(NODE_SOURCES / f"{module}.mjs"), *args)


def python(module: str, *args: str) -> Command:
    return (PYTHON, str(PYTHON_SOURCES / f"{module}.py"), *args)

"""What a client may reach (the second of the three layers of security). A policy is two questions, asked by the executor.

Patterns name modules (`numpy`, `numpy.*`, `myproject.models`), or one gated builtin (`builtins.open`); `*` is the whole of
Python, said aloud. Anything narrower also refuses private names and the builtins that lead out of it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from types import ModuleType

from polyloom.errors import NotAllowed

GATED_BUILTINS = frozenset(
    "__import__ breakpoint compile delattr eval exec getattr globals help input locals memoryview open setattr vars".split()
)

# What the syntax of every client needs: with, indexing, iteration. None of them leads anywhere that its object does not.
PROTOCOL_NAMES = frozenset("__enter__ __exit__ __aenter__ __aexit__ __getitem__ __len__ __iter__ __next__ __contains__".split())


class Policy:
    """Allows everything, like running Python: the local hosts and `--allow '*'`."""

    redacts = False  # whether errors keep the places of files on this machine to themselves

    def check_import(self, name: str) -> None:
        """Raise NotAllowed when the module may not be imported."""

    def get(self, target: object, name: str) -> object:
        """Return an attribute, or raise NotAllowed."""
        return getattr(target, name)

    def check_name(self, target: object, name: str) -> None:
        """Raise NotAllowed when the name may not be set or deleted."""


class AllowList(Policy):
    """Allows the modules that match a pattern, and their public names."""

    redacts = True

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self.patterns = patterns

    def check_import(self, name: str) -> None:
        if not self._allows(name):
            raise NotAllowed(f"module {name!r} is not allowed on this worker", hint=f"start the worker with --allow {name!r}")

    def get(self, target: object, name: str) -> object:
        self.check_name(target, name)
        value = getattr(target, name)
        if isinstance(value, ModuleType):
            self.check_import(value.__name__)
        return value

    def check_name(self, target: object, name: str) -> None:
        kind = target if isinstance(target, type) else type(target)
        private = name.startswith("_") and name not in PROTOCOL_NAMES
        if private or (name in ("format", "format_map") and issubclass(kind, str)):
            raise NotAllowed(f"the name {name!r} is not allowed on this worker", hint="private names need --allow '*'")
        if isinstance(target, ModuleType) and target.__name__ == "builtins" and name in GATED_BUILTINS:
            self.check_import(f"builtins.{name}")

    def _allows(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self.patterns)


def policy_of(patterns: tuple[str, ...]) -> Policy:
    """Return the policy for the patterns of `--allow`."""
    return Policy() if "*" in patterns else AllowList(patterns)

"""Which workers are there: the directory that clients choose from and operators look at (§8.1)."""

from polyloom.registry.base import Registry, Worker
from polyloom.registry.memory import MemoryRegistry
from polyloom.registry.redis import RedisRegistry

__all__ = ["MemoryRegistry", "RedisRegistry", "Registry", "Worker"]

"""The embedded fleet: a real Valkey server and real Celery workers, gone at the end."""

from polyloom.embedded.fleet import Fleet
from polyloom.embedded.server import Server

__all__ = ["Fleet", "Server"]

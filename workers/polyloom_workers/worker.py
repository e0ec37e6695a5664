"""`polyloom worker`: the Celery worker with everything set as the session lane needs it."""

from __future__ import annotations

import argparse
import os
import sys

from polyloom.errors import PolyloomError, UsageError
from polyloom.servers import open_client
from polyloom.settings import Settings
from polyloom_workers.application import create_app

JOB_THREADS = 4


def main() -> None:
    """Read flags and environment, check that the server is there, and serve until a signal."""
    flags = argparse.ArgumentParser(prog="polyloom worker")
    flags.add_argument("--jobs", action="store_true")
    flags.add_argument("--name", default="polyloom")
    flags.add_argument("--log-level", default="INFO")
    given = flags.parse_args()
    try:
        settings = Settings.from_env(os.environ)
        open_client(settings.redis_url()).close()
    except PolyloomError as error:
        hint = f"\n  hint: {error.hint}" if error.hint else ""
        sys.exit(_say(f"polyloom worker: {error}{hint}", 2 if isinstance(error, UsageError) else 1))
    serve(settings, given.name, given.log_level, jobs=given.jobs)


def serve(settings: Settings, name: str, log_level: str, *, jobs: bool) -> None:
    """Run the worker in this process."""
    app = create_app(settings)
    hostname = f"{name}@{os.uname().nodename}"
    worker = app.Worker(
        hostname=hostname,
        pool="threads",
        concurrency=JOB_THREADS,
        loglevel=log_level,
        queues=[app.conf.task_default_queue] if jobs else [f"polyloom.only.{hostname}"],
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    worker.start()
    sys.exit(worker.exitcode)


def _say(text: str, status: int) -> int:
    sys.stderr.write(text + "\n")
    return status


if __name__ == "__main__":
    main()

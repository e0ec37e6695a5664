"""The Celery application, `polyloom_workers.app:app`: `celery -A polyloom_workers.app worker -P threads` is a Polyloom worker.

This module is an edge: it reads the environment once, when Celery loads it.
"""

import os

from polyloom.settings import Settings
from polyloom_workers.application import create_app

app = create_app(Settings.from_env(os.environ))

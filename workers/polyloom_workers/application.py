"""The Celery application for given settings: broker, result backend, the session lane's steps and the tasks."""

from __future__ import annotations

from celery import Celery

from polyloom.servers import celery_url
from polyloom.settings import REDIS_SCHEMES, Settings
from polyloom_workers import broker, tasks
from polyloom_workers.renewal import RenewalStep
from polyloom_workers.steps import LaneStep, ListenStep
from polyloom_workers.unacked import transport_options

DEFAULT_URL = "redis://127.0.0.1:6379/0"  # what Celery's own clients expect


def create_app(settings: Settings) -> Celery:
    """Return the application for these settings."""
    url = celery_url(settings.url if settings.url.split(":")[0] in REDIS_SCHEMES else DEFAULT_URL)
    broker.install()
    app = Celery("polyloom", broker=url, backend=url)
    options = {"global_keyprefix": f"{settings.prefix}celery:"}
    app.conf.update(
        accept_content=["json"],
        broker_connection_max_retries=None,
        broker_connection_retry_on_startup=True,
        broker_transport_options=options | transport_options(settings.lease),
        polyloom=settings,
        result_backend_transport_options=options,
        task_acks_late=True,
        task_default_queue="polyloom",
        task_reject_on_worker_lost=True,
        task_serializer="json",
        worker_consumer="polyloom_workers.consumer:CheckingConsumer",
        worker_prefetch_multiplier=1,
    )
    app.steps["worker"].add(LaneStep)
    app.steps["consumer"].add(ListenStep)
    app.steps["consumer"].add(RenewalStep)
    tasks.register(app, settings)
    return app

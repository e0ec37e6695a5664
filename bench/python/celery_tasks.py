"""A stock Celery application; broker and results on the Redis of this run."""

import os

from celery import Celery

app = Celery("bench", broker=os.environ["BENCH_URL"], backend=os.environ["BENCH_URL"])
app.conf.task_default_queue = "bench"


@app.task(name="bench.add")
def add(a: int, b: int) -> int:
    return a + b

"""The hosts of an executor: the Celery worker with its session lane, and the local process over stdio."""

"""Polyloom: live Python objects for JavaScript, TypeScript and a small Lisp, on a fleet of Celery workers."""

__version__ = "0.1.0"

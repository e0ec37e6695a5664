"""Programs as events of Celery: named after what they call, sampled at high rates, failures never left out."""

from __future__ import annotations

import collections
import functools
import math
import types

import numpy
import pytest

from polyloom_workers import events
from polyloom_workers.events import Events, name_of
from polyloom_workers.session import Program, Ran


class Model:
    """Something of a user, to be called in several ways."""

    def fit(self):
        pass

    @classmethod
    def load(cls):
        pass

    def __call__(self):
        pass


class Obliging:
    """Answers to every name with itself, like a mock."""

    def __getattr__(self, name):
        return self

    def __call__(self):
        pass


class Refusing:
    """Answers to no name, like a proxy outside of its context."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __call__(self):
        pass


HERE = Model.__module__


@pytest.mark.parametrize(
    ("called", "name"),
    [
        (math.sqrt, "math.sqrt"),
        (len, "builtins.len"),
        (dict, "builtins.dict"),
        ([].append, "builtins.list.append"),
        (dict.fromkeys, "builtins.dict.fromkeys"),
        (collections.Counter, "collections.Counter"),
        (collections.Counter("a").most_common, "collections.Counter.most_common"),
        (numpy.linalg.svd, "numpy.linalg.svd"),
        (numpy.zeros(1).sum, "numpy.ndarray.sum"),
        (Model.fit, f"{HERE}.Model.fit"),
        (Model().fit, f"{HERE}.Model.fit"),
        (Model.load, f"{HERE}.Model.load"),
        (Model(), f"{HERE}.Model.__call__"),
        (functools.partial(print), "functools.partial.__call__"),
        (Refusing(), f"{HERE}.Refusing.__call__"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_program_is_named_after_what_it_called(called, name):
    assert name_of(called) == name


def test_object_that_answers_to_every_name_has_one_name_for_all_its_instances():
    assert name_of(Obliging()) == name_of(Obliging())
    assert "0x" not in name_of(Obliging())


def ran(n, called=math.sqrt, error=None, results=()):
    reply = types.SimpleNamespace(called=called, error=error, failed=[], results=list(results))
    return Ran(Program(n, [], []), reply, None, (), 0.0, 0.5)


@pytest.fixture
def listening():
    made = Events(None, "host", "worker")
    made.listen(True)
    return made


SESSION = types.SimpleNamespace(id="session")
ERROR = {"code": "PythonError", "type": "ValueError", "message": "no", "traceback": "Traceback"}


def test_nothing_is_noted_while_nobody_listens():
    silent = Events(None, "host", "worker")
    silent.record(SESSION, ran(1, error=ERROR))
    assert not silent._ran


def test_program_that_called_nothing_is_no_task(listening):
    listening.record(SESSION, ran(1, called=None))
    assert not listening._ran


def test_program_is_noted_under_a_name_of_its_own(listening):
    listening.record(SESSION, ran(7))
    (noted,) = listening._ran
    assert (noted["name"], noted["seconds"], noted["failure"]) == ("py:math.sqrt", 0.5, None)
    listening.record(SESSION, ran(8))
    worker, session, number = noted["uuid"].split("/")
    assert (worker, number) == ("worker", "7")
    assert listening._ran[-1]["uuid"] == f"worker/{session}/8"


def test_monitors_are_not_told_the_id_of_a_session(listening):
    listening.record(SESSION, ran(7))
    assert SESSION.id not in str(listening._ran[-1])


def test_successes_are_sampled_and_failures_are_not(listening):
    for n in range(events.RATE + 50):
        listening.record(SESSION, ran(n))
    assert len(listening._ran) == events.RATE
    listening.record(SESSION, ran(1000, error=ERROR))
    assert listening._ran[-1]["failure"] == {"exception": "ValueError('no')", "traceback": "Traceback"}


def test_failure_of_an_op_that_nobody_pulled_counts(listening):
    listening.record(SESSION, ran(1, error=ERROR, results=["fine"]))
    assert listening._ran[0]["failure"] is not None


def test_failure_of_a_pull_counts(listening):
    listening.record(SESSION, ran(1, results=["fine", ["error", {"code": "NotData", "message": "m"}]]))
    assert listening._ran[0]["failure"]["exception"] == "NotData('m')"


def test_those_that_wait_are_bounded(listening):
    for n in range(events.WAITING + 10):
        listening.record(SESSION, ran(n, error=ERROR))
    assert len(listening._ran) == events.WAITING

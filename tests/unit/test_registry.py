"""One contract for every registry: who holds a lease is listed, who does not is not."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from deadline import until
from polyloom.keys import Keys
from polyloom.registry import MemoryRegistry, RedisRegistry, Worker

ONE = Worker("one", "host", 1, "3.11.7", started=1.5, labels=("gpu", "zone=a"), sessions=3, running=1)
TWO = Worker("two", "host", 2, "3.11.7", started=2.5)


@pytest.fixture(params=["memory", "redis"])
def registry(request):
    if request.param == "memory":
        return MemoryRegistry()
    return RedisRegistry(request.getfixturevalue("database"), Keys(f"test-{secrets.token_hex(4)}:"))


def test_nobody_is_listed_at_first(registry):
    assert registry.workers() == []


def test_worker_with_a_lease_is_listed_with_all_that_it_says(registry):
    registry.lease(ONE, 60)
    assert registry.workers() == [ONE]
    registry.lease(replace(ONE, full=1), 60)
    assert registry.workers() == [replace(ONE, full=1)]


def test_full_worker_has_more_load_than_any_that_is_not():
    busiest = replace(TWO, sessions=10_000, running=10_000)
    assert replace(ONE, full=1).load > busiest.load > ONE.load


def test_oldest_worker_comes_first(registry):
    registry.lease(TWO, 60)
    registry.lease(ONE, 60)
    assert registry.workers() == [ONE, TWO]


def test_renewal_enters_nobody_twice(registry):
    registry.lease(ONE, 60)
    registry.lease(ONE, 60)
    assert registry.workers() == [ONE]


def test_released_worker_is_gone_at_once(registry):
    registry.lease(ONE, 60)
    registry.lease(TWO, 60)
    registry.release("one")
    assert registry.workers() == [TWO]


def test_release_of_an_unknown_worker_is_no_fault(registry):
    registry.release("nobody")
    assert registry.workers() == []


def test_worker_whose_lease_ended_is_gone(registry):
    registry.lease(ONE, 0.05)
    registry.lease(TWO, 60)
    until(lambda: registry.workers() == [TWO], "the lease ended")


def test_lease_that_was_renewed_outlasts_its_first_end(registry):
    registry.lease(ONE, 0.05)
    registry.lease(ONE, 60)
    registry.lease(TWO, 0.05)
    until(lambda: registry.workers() == [ONE], "only the other one ended")


def test_memory_registry_lives_by_its_own_clock():
    now = [100.0]
    registry = MemoryRegistry(lambda: now[0])
    registry.lease(ONE, 5)
    now[0] = 104.9
    assert registry.workers() == [ONE]
    now[0] = 105.0
    assert registry.workers() == []


def test_release_leaves_no_key(database):
    keys = Keys(f"test-{secrets.token_hex(4)}:")
    registry = RedisRegistry(database, keys)
    registry.lease(ONE, 60)
    database.xadd(keys.inbox("one"), {"f": "x"})
    database.zadd(keys.placed("one"), {"somebody": 2**60})
    assert len(database.keys(f"{keys.prefix}*")) == 7
    registry.release("one")
    assert database.keys(f"{keys.prefix}*") == []


def test_worker_that_leaves_keeps_its_lease_and_is_listed_no_more(registry):
    registry.lease(ONE, 60)
    registry.lease(TWO, 60)
    registry.leave("one")
    registry.lease(ONE, 60, listed=False)
    assert registry.workers() == [TWO]


def test_lease_of_a_worker_that_left_is_there(database):
    keys = Keys(f"test-{secrets.token_hex(4)}:")
    registry = RedisRegistry(database, keys)
    registry.lease(ONE, 60)
    registry.leave("one")
    registry.lease(ONE, 60, listed=False)
    assert database.exists(keys.worker_lease("one"))
    assert database.exists(*keys.placement) == 0


def test_name_belongs_to_the_worker_that_came_first(registry):
    registry.lease(ONE, 60)
    registry.lease(TWO, 60)
    assert registry.share("model", "one") == "one"
    assert registry.share("model", "two") == "one"
    assert registry.share("model", "one") == "one"
    assert registry.names() == {"model": "one"}


def test_name_that_was_let_go_is_free_and_only_its_worker_lets_it_go(registry):
    registry.lease(ONE, 60)
    registry.lease(TWO, 60)
    registry.share("model", "one")
    registry.unshare("model", "two")
    assert registry.names() == {"model": "one"}
    registry.unshare("model", "one")
    assert registry.names() == {}
    assert registry.share("model", "two") == "two"


def test_name_of_a_worker_that_leaves_is_free_at_once(registry):
    registry.lease(ONE, 60)
    registry.lease(TWO, 60)
    registry.share("model", "one")
    registry.leave("one")
    assert registry.names() == {}
    assert registry.share("model", "two") == "two"


def test_name_of_a_worker_whose_lease_ended_is_free(registry):
    registry.lease(ONE, 0.05)
    registry.lease(TWO, 60)
    registry.share("model", "one")
    until(lambda: registry.share("model", "two") == "two", "the lease ended, and the name with it")
    assert registry.names() == {"model": "two"}


def test_names_of_the_dead_are_forgotten(database):
    keys = Keys(f"test-{secrets.token_hex(4)}:")
    registry = RedisRegistry(database, keys)
    registry.lease(ONE, 0.01)
    registry.share("left", "one")
    until(lambda: registry.lease(TWO, 0.01) or not database.exists(keys.names), "the dead are dropped, and their names")
    registry.lease(TWO, 60)
    registry.share("model", "two")
    registry.release("two")
    assert not database.exists(keys.names)


def test_load_and_labels_are_where_clients_look_for_them(database):
    keys = Keys(f"test-{secrets.token_hex(4)}:")
    registry = RedisRegistry(database, keys)
    registry.lease(ONE, 60)
    registry.lease(TWO, 60)
    assert database.zrange(keys.load, 0, -1, withscores=True) == [(b"two", 0), (b"one", 4)]
    assert database.hgetall(keys.labels) == {b"one": b"gpu zone=a"}


def test_reservation_ends_when_its_client_has_come_and_not_before(database):
    keys = Keys(f"test-{secrets.token_hex(4)}:")
    registry = RedisRegistry(database, keys)
    database.zadd(keys.placed("one"), {"a": 2**60, "b": 2**60, "late": 1})
    database.zadd(keys.placed("two"), {"a": 2**60})
    registry.lease(ONE, 60, ["a", "stranger"])
    assert database.zrange(keys.placed("one"), 0, -1) == [b"b"]
    assert database.zrange(keys.placed("two"), 0, -1) == [b"a"]
    assert database.zscore(keys.load, "one") == ONE.load + 1


def test_every_key_but_the_set_expires_with_the_lease(database):
    keys = Keys(f"test-{secrets.token_hex(4)}:")
    RedisRegistry(database, keys).lease(ONE, 60)
    assert 0 < database.pttl(keys.info("one")) <= 60_000
    assert 0 < database.pttl(keys.worker_lease("one")) <= 60_000


def test_set_of_workers_forgets_the_dead(database):
    keys = Keys(f"test-{secrets.token_hex(4)}:")
    registry = RedisRegistry(database, keys)
    for number in range(20):
        registry.lease(replace(ONE, id=str(number)), 0.01)
        database.xadd(keys.inbox(str(number)), {"f": "what it has not read"})
    until(lambda: registry.lease(TWO, 0.01) or database.zcard(keys.workers) == 1, "the dead are dropped from the set")
    assert database.zcard(keys.load) == 1
    assert database.exists(keys.labels) == 0
    assert database.exists(*(keys.inbox(str(number)) for number in range(20))) == 0


def test_record_of_a_newer_worker_is_read():
    assert Worker.from_fields({**ONE.to_fields(), "colour": "red"}) == ONE


def test_worker_describes_its_own_process():
    import os

    here = Worker.here("id", 5.0)
    assert (here.id, here.pid, here.started, here.protocol) == ("id", os.getpid(), 5.0, 1)

"""Every Redis key is born in one file of each language."""

from __future__ import annotations

import binascii
import re
from pathlib import Path

import pytest

from polyloom.keys import Keys

ROOT = Path(__file__).parents[2]
BIRTHPLACES = {"fabric/polyloom/keys.py", "node-client/src/keys.ts"}
SOURCES = [
    path
    for folder, kinds in {"fabric": ("py", "lua"), "workers": ("py", "lua"), "node-client/src": ("ts", "js", "lua")}.items()
    for kind in kinds
    for path in sorted((ROOT / folder).rglob(f"*.{kind}"))
]
# The prefix inside a text: what follows a colon in prose or in a message of the program `polyloom` is a space.
LITERAL = re.compile(r"polyloom:(?=[^\s])")


def test_sources_are_found():
    assert len(SOURCES) > 30


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_prefix_is_written_in_no_other_file(path):
    found = LITERAL.search(path.read_text())
    assert bool(found) == (str(path.relative_to(ROOT)) in BIRTHPLACES)


def test_all_keys_of_a_worker_and_all_of_a_client_share_a_hash_slot():
    keys = Keys("tenant:")
    assert all("{w:W}" in key for key in (keys.info("W"), keys.worker_lease("W"), keys.inbox("W")))
    assert all("{c:C}" in key for key in (keys.client_lease("C"), keys.mailbox("C")))


def slot(key):
    """The hash slot of a key, as Redis Cluster counts it."""
    tag = re.search(r"\{([^}]+)\}", key)
    return binascii.crc_hqx((tag[1] if tag else key).encode(), 0) % 16384


@pytest.mark.parametrize("prefix", ["polyloom:", "tenant-7:", "{tenant}:"])
def test_all_keys_that_placing_a_client_reads_share_a_hash_slot(prefix):
    assert len({slot(key) for key in Keys(prefix).placement}) == 1


@pytest.mark.parametrize("prefix", ["polyloom:", "tenant-7:", "{tenant}:"])
def test_all_keys_that_naming_an_object_reads_share_a_hash_slot_with_those_of_placing(prefix):
    keys = Keys(prefix)
    assert len({slot(key) for key in (*keys.placement, *keys.naming)}) == 1


def test_every_key_begins_with_the_prefix():
    keys = Keys("tenant:")
    made = [
        *keys.placement,
        keys.names,
        *(make("x") for make in (keys.info, keys.worker_lease, keys.inbox, keys.client_lease, keys.mailbox)),
    ]
    assert all(key.startswith("tenant:") for key in made)
    assert len(set(made)) == len(made)

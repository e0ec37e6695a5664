"""Names of live objects and ids: never guessable, never misread."""

from __future__ import annotations

import re

import pytest

from polyloom.handle import Handle, new_id


def test_ids_are_long_enough_url_safe_and_never_the_same():
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{16,64}", one) for one in ids)


def test_handle_survives_its_text():
    handle = Handle(new_id(), new_id(), -7)
    assert Handle.parse(str(handle)) == handle


@pytest.mark.parametrize("text", ["", "a/b", "a/b/c", "a/b/1/2", "a/b/"])
def test_text_that_is_no_handle_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        Handle.parse(text)

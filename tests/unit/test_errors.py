"""The errors: each code in exactly one class, and a way out in each message that a user meets."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from polyloom import errors
from polyloom.errors import CODES, WIRE_ERRORS, PolyloomError, UsageError

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "wire-protocol.md").read_text()
SOURCES = sorted([*(ROOT / "fabric").rglob("*.py"), *(ROOT / "workers").rglob("*.py")])


def test_every_code_of_the_page_is_in_exactly_one_class():
    table = PAGE[PAGE.index("**§7.1**") : PAGE.index("**§7.2**")]
    codes = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert len(codes) > 10
    assert Counter(CODES) == Counter(codes)


def test_every_class_has_its_place():
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PolyloomError)}
    assert kinds == {PolyloomError, UsageError, *WIRE_ERRORS}


def test_tree_at_the_top_of_the_file_is_the_tree():
    drawn = dict(re.findall(r"^[├└]── (\w+) +(.*)$", errors.__doc__, re.MULTILINE))
    assert {name: set(re.findall(r"\w+", codes)) for name, codes in drawn.items() if name != "UsageError"} == {
        kind.__name__: set(kind.codes) for kind in WIRE_ERRORS
    }


@pytest.mark.parametrize("kind", [kind for kind in WIRE_ERRORS if kind is not errors.RemoteFailure])
def test_error_becomes_the_object_of_the_page(kind):
    for code in kind.codes:
        error = kind("what happened", code=code, hint="do this")
        error.within("[2]")
        error.within(".args")
        assert error.rooted().to_wire() == {"code": code, "message": "what happened", "path": "$.args[2]", "hint": "do this"}
        assert error.rooted().path == "$.args[2]"
        assert str(error) == "what happened at $.args[2]"


def test_absent_path_and_hint_are_left_out():
    assert errors.FrameError("x").to_wire() == {"code": "BadFrame", "message": "x"}


def raised(names):
    """Return every call that makes an error of these classes: (place, call)."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_every_wrong_usage_says_how_to_mend_it():
    calls = list(raised({"UsageError"}))
    assert len(calls) > 5
    assert [place for place, call in calls if "hint" not in {keyword.arg for keyword in call.keywords}] == []


def test_every_refusal_of_the_policy_says_how_to_allow_it():
    calls = list(raised({"NotAllowed"}))
    assert len(calls) > 1
    assert [place for place, call in calls if "hint" not in {keyword.arg for keyword in call.keywords}] == []


def test_codes_given_by_hand_belong_to_their_class():
    by_name = {kind.__name__: kind for kind in WIRE_ERRORS}
    wrong = []
    for place, call in raised(by_name):
        for keyword in call.keywords:
            if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                kind = by_name[call.func.id]
                if keyword.value.value not in kind.codes:
                    wrong.append(place)
    assert wrong == []

"""The policy: what is not allowed is not reached, by whichever way it is asked for."""

from __future__ import annotations

import builtins
import io
import json.decoder
import os
import types

import numpy
import pytest

from polyloom.errors import NotAllowed
from polyloom.policy import GATED_BUILTINS, AllowList, Policy, policy_of


def refused(question, *arguments):
    """Tell whether a question is answered with NotAllowed and a way out."""
    try:
        question(*arguments)
    except NotAllowed as error:
        return bool(error.hint)
    return False


def test_star_allows_all_of_python_and_nothing_less_does():
    assert type(policy_of(("*",))) is Policy
    assert type(policy_of(("numpy", "*"))) is Policy
    assert type(policy_of(("*.*",))) is AllowList
    assert policy_of(("*",)).get([], "__class__") is list
    policy_of(("*",)).check_import("os")


@pytest.mark.parametrize(
    ("patterns", "allowed", "denied"),
    [
        (("numpy",), ["numpy"], ["numpy.linalg", "numpyx", "os", ""]),
        (("numpy", "numpy.*"), ["numpy", "numpy.linalg", "numpy.linalg.lapack_lite"], ["numpyx", "xnumpy"]),
        (("numpy.linalg",), ["numpy.linalg"], ["numpy", "numpy.random"]),
        (("my?pp",), ["myapp"], ["mypp", "my.app.pp"]),
        ((), [], ["numpy", "os", "builtins"]),
    ],
)
def test_only_modules_that_match_a_pattern_are_imported(patterns, allowed, denied):
    policy = AllowList(patterns)
    assert [name for name in allowed if refused(policy.check_import, name)] == []
    assert [name for name in denied if not refused(policy.check_import, name)] == []


def test_module_reached_through_an_attribute_is_held_to_the_patterns():
    policy = AllowList(("json",))
    assert refused(policy.get, json, "decoder")
    assert refused(policy.get, json, "codecs")
    assert policy.get(json, "dumps") is json.dumps
    assert AllowList(("json", "json.*")).get(json, "decoder") is json.decoder


def test_module_under_another_name_is_held_to_its_own():
    aliased = types.SimpleNamespace(harmless=os)
    assert refused(AllowList(("harmless",)).get, aliased, "harmless")


@pytest.mark.parametrize("name", ["__class__", "__globals__", "_private", "__dict__", "_", "__init__"])
def test_private_names_are_refused_for_reading_and_writing(name):
    policy = AllowList(("json",))
    assert refused(policy.get, json, name)
    assert refused(policy.check_name, json, name)


@pytest.mark.parametrize("name", sorted(GATED_BUILTINS))
def test_gated_builtin_is_refused_though_builtins_is_allowed(name):
    assert refused(AllowList(("builtins",)).check_name, builtins, name)


@pytest.mark.parametrize("name", ["open", "eval", "getattr"])
def test_gated_builtin_is_reached_when_it_is_named(name):
    assert AllowList(("builtins", f"builtins.{name}")).get(builtins, name) is getattr(builtins, name)


def test_harmless_builtins_are_reached_when_builtins_is_allowed():
    assert AllowList(("builtins",)).get(builtins, "len") is len


@pytest.mark.parametrize("owner", ["text", str, numpy.str_("text"), numpy.str_], ids=repr)
@pytest.mark.parametrize("name", ["format", "format_map"])
def test_format_of_texts_is_refused_since_it_reads_private_names(owner, name):
    assert refused(AllowList(("numpy",)).get, owner, name)


def test_format_of_something_else_is_no_danger():
    assert AllowList(()).get(types.SimpleNamespace(format=5), "format") == 5


def test_context_managers_work_under_a_narrow_policy() -> None:
    policy = policy_of(("io",))
    assert policy.get(io.StringIO(), "__enter__")


@pytest.mark.parametrize("name", ["__class__", "__dict__", "__globals__", "__reduce__", "__subclasses__", "_private"])
def test_names_that_lead_out_stay_private(name: str) -> None:
    with pytest.raises(NotAllowed):
        policy_of(("io",)).get(io.StringIO(), name)

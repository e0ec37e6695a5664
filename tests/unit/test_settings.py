"""Settings: flags over the environment over the defaults, and nothing unusable gets through."""

from __future__ import annotations

import pytest

from polyloom.errors import UsageError
from polyloom.settings import Settings, check_redis_url, redact


def test_defaults_need_no_environment():
    settings = Settings.from_env({})
    assert settings == Settings()
    assert (settings.url, settings.prefix, settings.allow, settings.lease) == ("stdio:", "polyloom:", (), 5.0)


def test_environment_is_read():
    environ = {
        "POLYLOOM_URL": "redis://h:1/0",
        "POLYLOOM_PREFIX": "p:",
        "POLYLOOM_ALLOW": "numpy, scipy.* json",
        "POLYLOOM_LEASE": "2.5",
        "POLYLOOM_THREADS": "3",
    }
    assert Settings.from_env(environ) == Settings("redis://h:1/0", "p:", ("numpy", "scipy.*", "json"), 2.5, 3)


@pytest.mark.parametrize("given", ["zone=a gpu", "gpu,zone=a,gpu", ("gpu", "zone=a")])
def test_labels_are_a_sorted_set(given):
    assert Settings.from_env({}, labels=given).labels == ("gpu", "zone=a")


@pytest.mark.parametrize("label", ["=a", "a=b=c", "a b", "ä", "a/b", "*"])
def test_label_that_is_none_is_refused(label):
    with pytest.raises(UsageError) as caught:
        Settings.from_env({}, labels=(label,))
    assert repr(label) in caught.value.message


def test_grace_may_be_nothing():
    assert Settings.from_env({"POLYLOOM_GRACE": "0"}).grace == 0.0
    assert Settings.from_env({}, grace=0.0).grace == 0.0
    with pytest.raises(UsageError):
        Settings.from_env({"POLYLOOM_GRACE": "-1"})


def test_flags_win_over_the_environment_and_flags_not_given_do_not():
    environ = {"POLYLOOM_URL": "redis://h:1/0", "POLYLOOM_LEASE": "2", "POLYLOOM_ALLOW": "a"}
    settings = Settings.from_env(environ, url="redis://h:2/0", lease=None, allow=(), prefix=None)
    assert (settings.url, settings.lease, settings.allow) == ("redis://h:2/0", 2.0, ("a",))
    assert Settings.from_env(environ, allow=("b", "c")).allow == ("b", "c")


def test_empty_variable_counts_as_unset():
    assert Settings.from_env({"POLYLOOM_URL": "", "POLYLOOM_LEASE": "", "POLYLOOM_ALLOW": ""}) == Settings()


@pytest.mark.parametrize("name", ["lease", "threads"])
@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan", "inf", "1e999", 0, 0.0, -3])
def test_number_that_is_none_is_refused_with_both_names(name, value):
    for settings in ({"flags": {name: value}}, {"environ": {f"POLYLOOM_{name.upper()}": str(value)}}):
        with pytest.raises(UsageError) as caught:
            Settings.from_env(settings.get("environ", {}), **settings.get("flags", {}))
        assert name in caught.value.message
        assert f"--{name}" in caught.value.hint
        assert f"POLYLOOM_{name.upper()}" in caught.value.hint


def test_part_of_a_thread_is_refused():
    with pytest.raises(UsageError):
        Settings.from_env({"POLYLOOM_THREADS": "1.5"})


def test_no_server_named_is_said_with_the_way_to_name_one():
    with pytest.raises(UsageError) as caught:
        Settings().redis_url()
    assert "POLYLOOM_URL" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    ["redis://localhost", "redis://localhost:6379/3", "rediss://:pw@h:1", "unix:///tmp/sock", "redis://[::1]:6379/0"],
)
def test_url_of_a_server_is_taken_as_it_is(url):
    assert check_redis_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nope",
        "localhost:6379",
        "http://localhost",
        "redis://",
        "redis:///0",
        "redis://h:port/0",
        "redis://h:99999",
        "unix://",
    ],
)
def test_url_of_no_server_is_refused_with_a_hint(url):
    with pytest.raises(UsageError) as caught:
        check_redis_url(url)
    assert "redis://" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret@host:6379/0",
        "redis://user:s3cret@host",
        "rediss://user:s3cret@host:1/2?x=1",
        "http://user:s3cret@host",
        "unix://user:s3cret@/tmp/socket",
        "redis://host:6379/0?password=s3cret",
        "redis://host:6379/0?db=1&password=s3cret&username=u",
        "redis://host:6379/0?ssl_password=s3cret",
    ],
)
def test_password_is_never_shown(url):
    assert "s3cret" not in redact(url)
    assert "***" in redact(url)
    assert "host" in redact(url) or "socket" in redact(url)


def test_password_in_a_wrong_url_is_not_shown_either():
    with pytest.raises(UsageError) as caught:
        check_redis_url("http://user:s3cret@host")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["redis://host:6379/0", "redis://user@host", "unix:///tmp/socket", "redis://host?db=1"])
def test_url_without_password_is_shown_as_it_is(url):
    assert redact(url) == url


def test_unreadable_url_is_not_shown():
    assert redact("redis://[s3cret") == "(unreadable URL)"

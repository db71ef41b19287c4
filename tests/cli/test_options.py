"""Values of options."""

import typing

import pytest
import typer

from spacebridge.cli.commands.ask import read_prompt
from spacebridge.cli.options import SpaceOptions, parse_auth, parse_settings, parse_settle, parse_value


@pytest.mark.parametrize(
    "text, value",
    [
        ("0.2", 0.2),
        ("1", 1),
        ("-3e2", -300.0),
        ("true", True),
        ("false", False),
        ('["a", 1]', ["a", 1]),
        ("True", "True"),
        ("null", "null"),
        ('"5"', '"5"'),
        ('{"a": 1}', '{"a": 1}'),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("1e999", "1e999"),
        ("", ""),
        ("01", "01"),
        ("a=b", "a=b"),
    ],
)
def test_values(text: str, value: typing.Any):
    found = parse_value(text)
    assert found == value
    assert type(found) is type(value)


def test_settings():
    assert parse_settings(["temperature = 0.2", "a=b=c", "x="]) == {"temperature": " 0.2", "a": "b=c", "x": ""} | {
        "temperature": 0.2
    }
    assert parse_settings(None) == {}
    for wrong in ("temperature", "=1", " =1"):
        with pytest.raises(typer.BadParameter):
            parse_settings([wrong])


def test_login(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("spacebridge.cli.options.stdin_is_terminal", lambda: False)
    assert parse_auth(None) is None
    assert parse_auth("") is None
    assert parse_auth("ada:se:cret") == ("ada", "se:cret")
    assert parse_auth("ada:") == ("ada", "")
    with pytest.raises(typer.BadParameter, match="SPACEBRIDGE_AUTH"):
        parse_auth("ada")


def test_settle():
    assert (parse_settle("now"), parse_settle("end")) == ("now", "end")
    with pytest.raises(typer.BadParameter):
        parse_settle("later")


def test_the_time_limit_is_for_all():
    limits = SpaceOptions(address="x", timeout=1200).timeouts()
    assert (limits.connect, limits.queue, limits.first_text, limits.total) == (20, 1200, 1200, 1200)
    assert SpaceOptions(address="x", timeout=2).timeouts().connect == 2


def test_words_are_one_prompt():
    assert read_prompt(["Tell", "me", "a joke"]) == "Tell me a joke"
    with pytest.raises(typer.BadParameter):
        read_prompt(["  "])

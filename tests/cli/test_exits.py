"""Exit codes: every error of the library has one, and all are told of."""

from pathlib import Path

import pytest

from spacebridge import errors
from spacebridge.cli.exits import CODES, EXIT_CODES, exit_code, hint_for
from spacebridge.gateway.config import InvalidConfig

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"


def test_every_error_has_a_code_that_is_explained():
    for name in errors.__all__:
        kinds = [kind.__name__ for kind in getattr(errors, name).__mro__]
        code = next(EXIT_CODES[kind] for kind in kinds if kind in EXIT_CODES)
        assert code in CODES, name
        assert code != 0, name


def test_no_code_is_for_an_error_that_does_not_exist():
    assert set(EXIT_CODES) <= {*errors.__all__, InvalidConfig.__name__}


@pytest.mark.parametrize(
    "error, code",
    [
        (errors.AddressError("x"), 3),
        (errors.CannotConnect("x"), 7),
        (errors.CertificateRefused("x"), 7),
        (errors.SpaceAsleep("x"), 7),
        (errors.NotGradio("x"), 3),
        (errors.NotJSON("x"), 8),
        (errors.NoChatFound("x"), 3),
        (errors.LoginRequired("x"), 4),
        (errors.QuotaExceeded("x"), 5),
        (errors.AppFailed("x"), 8),
        (errors.QueueFull("x"), 5),
        (errors.TimedOut("x", limit="total", seconds=1), 6),
        (errors.StreamCut("x"), 7),
        (errors.AnswerRewritten("x", text=""), 8),
        (errors.MissingPart("x"), 9),
        (errors.UnknownSetting("x"), 2),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 141),
        (OSError(), 1),
        (RuntimeError(), 1),
    ],
)
def test_codes(error: BaseException, code: int):
    assert exit_code(error) == code


def test_hints_speak_of_options_unless_the_error_knows_better():
    assert "--auth" in hint_for(errors.LoginRequired("x"))
    assert "--timeout" in hint_for(errors.TimedOut("x", limit="total", seconds=1))
    assert hint_for(errors.LoginRequired("x", hint="Leave auth out.")) == "Leave auth out."


def test_the_documentation_has_the_same_table():
    text = DOCS.read_text()
    for code, meaning in CODES.items():
        assert f"| {code} | {meaning} |" in text

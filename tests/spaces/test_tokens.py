from __future__ import annotations

import sys
from pathlib import Path

import pytest

from spacebridge.spaces.tokens import Token, find_token, for_hub, for_space, token_path

TOKEN = Token("hf_SecretSecret", "a test")


def given(token: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch, stored: str = "") -> Path:
    """A cached login."""
    monkeypatch.setenv("HF_HOME", str(folder))
    if token is not None:
        (folder / "token").write_text(token)
    if stored:
        (folder / "stored_tokens").write_text(stored)
    return folder / "token"


@pytest.mark.parametrize(
    "url, sent",
    [
        ("https://owner-name.hf.space", True),
        ("https://owner-name.hf.space:443/app", True),
        ("https://OWNER-NAME.HF.SPACE/path", True),
        ("https://a.b.hf.space", True),
        ("https://huggingface.co/x", False),
        ("http://127.0.0.1:7860", False),
        ("https://hf.space.example.org", False),
        ("https://example.org/owner-name.hf.space", False),
        ("https://evilhf.space", False),
        ("https://hf.space", False),
        ("https://elsewhere.example?x=.hf.space", False),
        ("https://elsewhere.example#.hf.space", False),
        ("https://owner-name.hf.space@example.org", False),
        ("http://owner-name.hf.space", False),  # anybody on the way could read it
    ],
)
def test_which_spaces_are_shown_a_token(url: str, sent: bool):
    assert for_space(url, TOKEN) == ({"X-HF-Authorization": "Bearer hf_SecretSecret"} if sent else {})
    assert for_space(url, None) == {}


@pytest.mark.parametrize(
    "endpoint, sent",
    [
        ("https://huggingface.co", True),
        ("https://hub.example.org", True),  # whoever sets HF_ENDPOINT says who the Hub is
        ("http://127.0.0.1:5000", True),
        ("http://localhost:5000", True),
        ("http://huggingface.co", False),
        ("http://hub.example.org", False),
    ],
)
def test_which_hub_is_shown_a_token(endpoint: str, sent: bool):
    assert for_hub(endpoint, TOKEN) == ({"Authorization": "Bearer hf_SecretSecret"} if sent else {})
    assert for_hub(endpoint, None) == {}


def test_a_token_shows_itself_nowhere():
    assert "Secret" not in f"{TOKEN} {TOKEN!r}"


def test_the_argument_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HF_TOKEN", "hf_environment")
    given("hf_cached", tmp_path, monkeypatch)
    assert find_token(" hf_mine\n") == Token("hf_mine", "the argument")
    assert find_token(False) is None
    assert find_token("") == Token("hf_environment", "HF_TOKEN in the environment")


def test_then_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    given("hf_cached", tmp_path, monkeypatch)
    monkeypatch.setenv("HUGGING_FACE_HUB_TOKEN", "hf_old")
    assert find_token() == Token("hf_old", "HUGGING_FACE_HUB_TOKEN in the environment")
    monkeypatch.setenv("HF_TOKEN", "hf_new")
    assert find_token() == Token("hf_new", "HF_TOKEN in the environment")
    monkeypatch.setenv("HF_TOKEN", " \n")
    assert find_token() == Token("hf_old", "HUGGING_FACE_HUB_TOKEN in the environment")


def test_then_the_cached_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    path = given("hf_cached\n", tmp_path, monkeypatch)
    assert find_token() == Token("hf_cached", f"the login cached in {path}")


@pytest.mark.parametrize("token", [None, "", "\n"])
def test_no_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, token: str | None):
    given(token, tmp_path, monkeypatch)
    assert find_token() is None


def test_implicit_tokens_can_be_switched_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    given("hf_cached", tmp_path, monkeypatch)
    monkeypatch.setenv("HF_TOKEN", "hf_environment")
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "true")
    assert find_token() is None
    assert find_token("hf_mine") is not None


def test_where_the_login_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """As the huggingface_hub package has it."""
    monkeypatch.delenv("HF_HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert token_path() == tmp_path / ".cache" / "huggingface" / "token"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert token_path() == tmp_path / "xdg" / "huggingface" / "token"
    monkeypatch.setenv("HF_HOME", "$HOME/hf")
    assert token_path() == tmp_path / "hf" / "token"
    monkeypatch.setenv("HF_TOKEN_PATH", "~/mine")
    assert token_path() == tmp_path / "mine"


def test_a_login_by_browser_is_renewed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Its token expires; huggingface_hub knows how to renew it."""
    path = given(
        "hf_expired", tmp_path, monkeypatch, "[mine]\nhf_token = hf_expired\nrefresh_token = r\nexpires_at = 1\n"
    )
    monkeypatch.setattr("huggingface_hub.get_token", lambda: "hf_renewed")
    assert find_token() == Token("hf_renewed", f"the login cached in {path}")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)  # not installed
    assert find_token() == Token("hf_expired", f"the login cached in {path}")


def test_a_token_that_does_not_expire_needs_no_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    given("hf_cached", tmp_path, monkeypatch, "[mine]\nhf_token = hf_cached\n")

    def fail() -> str:
        raise AssertionError

    monkeypatch.setattr("huggingface_hub.get_token", fail)
    token = find_token()
    assert token is not None
    assert token.text == "hf_cached"

"""Hugging Face tokens: where one is found, and to whom it may be shown."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from spacebridge.gradio.http import is_loopback

__all__ = ["Token", "find_token", "for_hub", "for_space", "token_path"]

_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_TRUE = ("1", "ON", "YES", "TRUE")
_SPACES = ".hf.space"


@dataclasses.dataclass(frozen=True)
class Token:
    """A Hugging Face token."""

    text: str = dataclasses.field(repr=False)
    source: str
    """Where it is from, in words."""


def find_token(given: str | Literal[False] | None = None) -> Token | None:
    """The token to use. It may take a request to renew it, so coroutines ask for it in a thread.

    Args:
        given: by the caller; False for none at all. By default that of ``HF_TOKEN`` in the environment or else of the
            cached login (``hf auth login``), unless ``HF_HUB_DISABLE_IMPLICIT_TOKEN`` is set. These are the places and
            the order of the ``huggingface_hub`` package.
    """
    if given is False:
        return None
    if given and (text := _clean(given)):
        return Token(text, "the argument")
    if os.environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").upper() in _TRUE:
        return None
    for name in _VARIABLES:
        if text := _clean(os.environ.get(name, "")):
            return Token(text, f"{name} in the environment")
    return _cached_login()


def token_path() -> Path:
    """Where ``hf auth login`` keeps its token: ``HF_TOKEN_PATH``, or a file under ``HF_HOME``."""
    if path := os.environ.get("HF_TOKEN_PATH"):
        return _expanded(path)
    if home := os.environ.get("HF_HOME"):
        return _expanded(home) / "token"
    return _expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface" / "token"


def for_hub(endpoint: str, token: Token | None) -> dict[str, str]:
    """The header that shows the token to the Hub; none where others could read it on the way."""
    if token is None or not (endpoint.startswith("https://") or is_loopback(endpoint)):
        return {}
    return {"Authorization": f"Bearer {token.text}"}


def for_space(url: str, token: Token | None) -> dict[str, str]:
    """The header that shows the token to a Space; none for any host that is not Hugging Face's.

    ``Authorization`` stays free for the app itself. Source: gradio_client 1.11.1 and later.
    """
    parts = urlsplit(url)
    if token is None or parts.scheme != "https" or not (parts.hostname or "").endswith(_SPACES):
        return {}
    return {"X-HF-Authorization": f"Bearer {token.text}"}


def _cached_login() -> Token | None:
    path = token_path()
    text = _clean(_read(path))
    if text and "refresh_token" in _read(path.with_name("stored_tokens")):
        text = _renewed(text)
    return Token(text, f"the login cached in {path}") if text else None


def _renewed(text: str) -> str:
    """A token of a login by browser, which expires: huggingface_hub renews it, where it is installed."""
    try:
        from huggingface_hub import get_token
    except ImportError:
        return text
    return get_token() or text


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _expanded(path: str) -> Path:
    return Path(os.path.expandvars(path)).expanduser()


def _clean(text: str) -> str:
    return text.replace("\r", "").replace("\n", "").strip()

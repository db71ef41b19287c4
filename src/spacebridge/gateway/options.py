"""What can be configured, as plain data: the tables of the TOML file, which flags and variables also fill."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = [
    "Breaking",
    "Config",
    "Fetching",
    "KeyOptions",
    "ModelOptions",
    "ServerOptions",
    "StoreOptions",
    "TimeoutOptions",
]

MiB = 1024 * 1024


class ServerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The table ``[server]``."""

    host: str = "127.0.0.1"
    """Address to listen on. Another than this machine's own needs a key."""
    port: int = 8000
    """0 takes a free one."""
    max_body: int = 32 * MiB
    """Bytes of a request's body."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call the API from a browser; ``*`` for all. None by default."""
    grace: float = 30.0
    """Seconds that running answers get when the server is told to stop."""
    keep_alive: float = 15.0
    """Seconds of silence after which a stream says that it lives."""
    log_format: Literal["text", "json"] = "text"
    access_log: bool = True
    """Whether each request gives a line of the log. Contents and secrets are never logged."""
    open_metrics: bool = False
    """Whether /metrics can be read without a key where keys are needed."""
    telemetry: bool = False
    """Whether traces are sent by OpenTelemetry, which is set up by its own variables (OTEL_…)."""


class StoreOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The table ``[store]``."""

    url: str = ""
    """``memory:``, ``sqlite:PATH``, ``redis://…`` or ``valkey://…``; by default a SQLite file of this user."""
    expire: float = 24 * 3600.0
    """Seconds for which a conversation is kept after its last turn."""
    live: int = 64
    """Conversations that are also kept as they are, which spares reading them again."""


class Fetching(msgspec.Struct, frozen=True, kw_only=True):
    """The table ``[fetch]``: files that messages name by an ``http`` address."""

    allow: bool = False
    hosts: tuple[str, ...] = ()
    """Only these hosts, and those below them, if any are named. Never private addresses."""
    max_size: int = 20 * MiB
    """Bytes of one file."""
    timeout: float = 20.0
    """Seconds for one file."""


class Breaking(msgspec.Struct, frozen=True, kw_only=True):
    """The table ``[breaker]``: when a Space that keeps failing rests."""

    failures: int = 3
    """So many failures in a row make it rest."""
    rest: float = 10.0
    """Seconds of the first rest; each further one is twice as long."""
    longest: float = 300.0
    """Seconds of the longest rest."""


class TimeoutOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The table ``[models.NAME.timeouts]``: seconds; see :class:`spacebridge.Timeouts`."""

    connect: float | None = None
    queue: float | None = None
    first_text: float | None = None
    idle: float | None = None
    total: float | None = None
    cancel: float | None = None


class ModelOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The table ``[models.NAME]``."""

    addresses: tuple[str, ...] = ()
    """Of Spaces, the preferred one first."""
    turns: int = 4
    """Turns at once on each of them; more wait in line."""
    waiting: int = 64
    """Requests that may wait in line for each of them."""
    settings: dict[str, Any] = {}
    """The app's settings, where a request sets nothing else."""
    chat: str | int | None = None
    """Which chat, if an app has several."""
    token_env: str | None = None
    """Variable of the environment that holds the Hugging Face token."""
    auth_env: str | None = None
    """Variable of the environment that holds ``user:password`` of the app's own login."""
    proxy: str | None = None
    timeouts: TimeoutOptions = TimeoutOptions()


class KeyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The table ``[keys.NAME]``."""

    hash: str
    """``sha256:…``; ``spacebridge config key NAME`` makes a key and its table."""
    models: tuple[str, ...] = ("*",)
    """Models that may be used; ``*`` stands for all, ``name-*`` for those that begin so."""
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    """Estimated, of prompts and answers."""
    turns: int | None = None
    """Turns at once."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    server: ServerOptions = ServerOptions()
    store: StoreOptions = StoreOptions()
    fetch: Fetching = Fetching()
    breaker: Breaking = Breaking()
    models: dict[str, ModelOptions] = {}
    keys: dict[str, KeyOptions] = {}

"""The configuration: read from a file, overridden by flags and variables, and checked; mistakes are told by line."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from spacebridge import errors
from spacebridge.gateway import toml_lines
from spacebridge.gateway.keys import is_hash
from spacebridge.gateway.options import (
    Breaking,
    Config,
    Fetching,
    KeyOptions,
    ModelOptions,
    ServerOptions,
    StoreOptions,
    TimeoutOptions,
)
from spacebridge.shape import is_object
from spacebridge.store import check_store

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFAULT_FILE", "EMBEDDED", "InvalidConfig", "Mistake", "default_store", "is_loopback", "load", "read"]

EMBEDDED = ModelOptions(addresses=("local",))
"""What is served where nothing is configured."""
DEFAULT_FILE = "spacebridge.toml"
"""Read from the current folder where no other file is named."""

_T = TypeVar("_T", bound=msgspec.Struct)

_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "server": ServerOptions,
    "store": StoreOptions,
    "fetch": Fetching,
    "breaker": Breaking,
}
_AT_LEAST_ONE = ("max_body", "max_size", "live", "turns", "failures", "requests_per_minute", "tokens_per_minute")
_AT_LEAST_NOTHING = ("port", "waiting", "grace", "rest", "longest")
_MORE_THAN_NOTHING = (
    "keep_alive", "expire", "timeout", "connect", "queue", "first_text", "idle", "total", "cancel",
)  # fmt: skip


class Mistake(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    Attributes:
        where: the table and key.
        message: what is wrong, and what would be right.
        line: counted from 1; None where it stands in no file.
        warning: whether it can be lived with.
    """

    where: str
    message: str
    line: int | None = None
    warning: bool = False

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line is not None else ""
        kind = "warning: " if self.warning else ""
        return f"{place}{kind}{self.where + ': ' if self.where else ''}{self.message}"


class InvalidConfig(errors.SpacebridgeError, ValueError):
    """The configuration can't be used.

    Attributes:
        mistakes: all that is wrong with it.
    """

    def __init__(self, source: str, mistakes: list[Mistake]) -> None:
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        super().__init__(f"The configuration{f' in {source}' if source else ''} can't be used:\n{lines}")
        self.mistakes = mistakes


def load(
    file: Path | None,
    overrides: Mapping[str, Mapping[str, Any]],
    *,
    models: Mapping[str, tuple[str, ...]],
    keys: Mapping[str, KeyOptions] | None = None,
) -> tuple[Config, list[Mistake]]:
    """The configuration of a file with what flags and variables say instead; and warnings.

    Args:
        file: TOML; without it only the rest counts.
        overrides: section to options, as in the file.
        models: names and addresses, beside or instead of those of the file.
        keys: beside those of the file.

    Raises:
        InvalidConfig: it can't be used.
        FileRefused: the file can't be read.
    """
    text = ""
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise errors.FileRefused(f"The configuration {file} can't be read: {why}.") from error
    config, mistakes = read(text, overrides, models=models, keys=keys)
    if any(not mistake.warning for mistake in mistakes):
        raise InvalidConfig(str(file or ""), [mistake for mistake in mistakes if not mistake.warning])
    return config, mistakes


def read(
    text: str,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    models: Mapping[str, tuple[str, ...]] | None = None,
    keys: Mapping[str, KeyOptions] | None = None,
) -> tuple[Config, list[Mistake]]:
    """The configuration of a text, as far as it makes sense, and all that is wrong with it, in the order of lines."""
    try:
        raw: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Config(), [_syntax(str(error))]
    reader = _Reader(toml_lines.lines_of(text))
    raw = _merged(raw, overrides or {}, models or {})
    config = reader.config(raw)
    config = msgspec.structs.replace(config, keys={**config.keys, **(keys or {})})
    reader.check(config)
    return config, sorted(reader.mistakes, key=lambda mistake: mistake.line or 0)


def _syntax(text: str) -> Mistake:
    """A mistake of form; the parser says the line in its words: ``… (at line 3, column 7)``."""
    message, _, place = text.rpartition(" (at ")
    words = place.rstrip(")").replace(",", "").split()
    line = int(words[1]) if words[:1] == ["line"] and words[1].isdecimal() else None
    return Mistake("", f"this is no TOML: {message or text}", line)


def _over(raw: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Tables with what others say instead."""
    merged = dict(raw)
    for name, value in more.items():
        kept = merged.get(name)
        if is_object(value):
            if value:
                merged[name] = _over(kept if is_object(kept) else {}, value)
        else:
            merged[name] = value
    return merged


def _merged(
    raw: dict[str, Any], overrides: Mapping[str, Mapping[str, Any]], models: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    merged = _over(raw, overrides)
    if models:
        table = merged.get("models")
        known: dict[str, Any] = dict(table) if is_object(table) else {}
        for name, addresses in models.items():
            kept = known.get(name)
            known[name] = {**(kept if is_object(kept) else {}), "addresses": list(addresses)}
        merged["models"] = known
    return merged


class _Reader:
    """Reads tables into structs, and notes what is wrong instead of stopping at the first mistake."""

    def __init__(self, lines: dict[toml_lines.Path, int]) -> None:
        self._lines = lines
        self.mistakes: list[Mistake] = []

    def note(self, path: toml_lines.Path, message: str, *, warning: bool = False) -> None:
        where = ".".join(f"{part}" for part in path)
        self.mistakes.append(Mistake(where, message, toml_lines.line_of(path, self._lines), warning))

    def config(self, raw: dict[str, Any]) -> Config:
        known = [*_SECTIONS, "models", "keys"]
        for name in raw:
            if name not in known:
                self.note((name,), f"there is no such table.{_close(name, known)}")
        sections = {name: self._struct(kind, raw.get(name, {}), (name,)) for name, kind in _SECTIONS.items()}
        models = {
            name: found
            for name, table in self._tables(raw, "models").items()
            if (found := self._struct(ModelOptions, _with_list(table), ("models", name))) is not None
        }
        keys = {
            name: found
            for name, table in self._tables(raw, "keys").items()
            if (found := self._struct(KeyOptions, table, ("keys", name))) is not None
        }
        found = {name: section for name, section in sections.items() if section is not None}
        return msgspec.structs.replace(Config(), models=models, keys=keys, **found)

    def _tables(self, raw: dict[str, Any], name: str) -> dict[str, Any]:
        tables = raw.get(name, {})
        if is_object(tables):
            return tables
        self.note((name,), f"this must be a table of tables: [{name}.NAME].")
        return {}

    def _struct(self, kind: type[_T], raw: object, path: toml_lines.Path) -> _T | None:
        """A table as a struct, as far as its options make sense; None if one that must be there does not."""
        if not is_object(raw):
            self.note(path, "this must be a table.")
            return None
        fields = {field.name: field for field in msgspec.structs.fields(kind)}
        values: dict[str, Any] = {}
        for name, value in raw.items():
            if name not in fields:
                self.note((*path, name), f"there is no such option.{_close(name, list(fields))}")
            elif fields[name].type is TimeoutOptions:
                values[name] = self._struct(TimeoutOptions, value, (*path, name)) or TimeoutOptions()
            else:
                try:
                    values[name] = msgspec.convert(value, fields[name].type)
                except msgspec.ValidationError as error:
                    self.note((*path, name), f"{_plain(str(error))}.")
                else:
                    self._range((*path, name), values[name])
        missing = [name for name, field in fields.items() if field.required and name not in values]
        for name in missing:
            if name not in raw:
                self.note(path, f"the option {name} is missing.")
        return None if missing else kind(**values)

    def _range(self, path: toml_lines.Path, value: object) -> None:
        name = path[-1]
        if isinstance(value, bool) or not isinstance(value, int | float):
            return
        if name in _AT_LEAST_ONE and value < 1:
            self.note(path, f"{value:g} is too little; at least 1.")
        elif name in _AT_LEAST_NOTHING and value < 0:
            self.note(path, f"{value:g} is too little; at least 0.")
        elif name in _MORE_THAN_NOTHING and value <= 0:
            self.note(path, f"{value:g} is too little; it must be more than 0.")
        elif name == "port" and value > 65535:
            self.note(path, f"{value:g} is no port; at most 65535.")

    # What fits together

    def check(self, config: Config) -> None:
        for name, model in config.models.items():
            self._check_model(name, model)
        for name, key in config.keys.items():
            self._check_key(name, key, config)
        if not config.keys and not is_loopback(config.server.host):
            self.note(
                ("server", "host"),
                f"{config.server.host} can be reached by others, so there must be a key: "
                "`spacebridge config key NAME` makes one.",
            )
        if config.store.url:
            try:
                check_store(config.store.url)
            except errors.AddressError as error:
                self.note(("store", "url"), str(error))
        for origin in config.server.cors_origins:
            parts = urlsplit(origin)
            if origin != "*" and (not parts.scheme or not parts.netloc or parts.path not in ("", "/")):
                self.note(("server", "cors_origins"), f"{origin!r} is no origin, such as https://chat.example.org.")

    def _check_model(self, name: str, model: ModelOptions) -> None:
        path = ("models", name)
        if not name.strip() or any(char.isspace() for char in name):
            self.note(path, "a model's name has no white space.")
        named = ".".join((*path, "addresses"))
        if not model.addresses and not any(mistake.where == named for mistake in self.mistakes):
            self.note(path, 'a model needs at least one address: addresses = ["http://127.0.0.1:7860"].')
        for number, address in enumerate(model.addresses):
            if (wrong := _wrong_address(address)) is not None:
                self.note((*path, "addresses", number), f"address {number + 1} {wrong}.")
        if len(set(model.addresses)) < len(model.addresses):
            self.note((*path, "addresses"), "an address stands there twice.", warning=True)
        for option in ("token_env", "auth_env"):
            variable: str | None = getattr(model, option)
            if variable is None:
                continue
            value = os.environ.get(variable)
            if not value:
                self.note((*path, option), f"the environment has no variable {variable}.", warning=True)
            elif option == "auth_env" and ":" not in value:
                self.note((*path, option), f"the variable {variable} does not hold USER:PASSWORD.")

    def _check_key(self, name: str, key: KeyOptions, config: Config) -> None:
        path = ("keys", name)
        if not is_hash(key.hash):
            self.note((*path, "hash"), "this is no hash of a key; `spacebridge config key NAME` makes one.")
        for pattern in key.models:
            if not pattern.endswith("*") and pattern not in config.models:
                message = f"there is no model {pattern!r}.{_close(pattern, list(config.models))}"
                self.note((*path, "models"), message, warning=True)
        same = [other for other, found in config.keys.items() if found.hash == key.hash and other != name]
        if same:
            self.note((*path, "hash"), f"this is the key of {same[0]}, too.")


def _with_list(table: object) -> object:
    """A model whose ``address`` is one text."""
    if is_object(table) and isinstance(table.get("address"), str) and "addresses" not in table:
        rest = {name: value for name, value in table.items() if name != "address"}
        return {**rest, "addresses": [table["address"]]}
    if is_object(table) and isinstance(table.get("addresses"), str):
        return {**table, "addresses": [table["addresses"]]}
    return table


def _wrong_address(address: str) -> str | None:
    if not address.strip():
        return "is empty"
    if address.startswith(("http://", "https://")):
        try:
            parts = urlsplit(address)
            if parts.hostname and (parts.port is None or parts.port > 0):
                return None
        except ValueError:
            pass
        return "is no URL of a Space"
    return None if "://" not in address else "must begin with http:// or https://"


def _close(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]}?" if close else f" Known: {', '.join(known) or 'none'}."


_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "array": "a list",
    "object": "a table",
    "bool": "true or false",
}


def _plain(message: str) -> str:
    """The validator's words with the names that TOML uses."""
    message, _, place = message.partition(" - at ")
    item = place.strip("`$")

    def types(found: re.Match[str]) -> str:
        return " or ".join(_WORDS.get(kind, kind) for kind in found[1].split(" | ") if kind != "null")

    message = re.sub(r"`([^`]*)`", types, message)
    return f"{message[:1].lower()}{message[1:]}{f' (item {item})' if item else ''}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host in ("localhost", "localhost.localdomain"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def default_store() -> str:
    """The URL of the store that is used where none is named: a file of this user."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return f"sqlite:{state}/spacebridge/gateway.sqlite3"

"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import typer

from spacebridge.cli.terminal.streams import stdin_is_terminal

if TYPE_CHECKING:
    from spacebridge.options import Timeouts
    from spacebridge.spaces.resolve import Way
    from spacebridge.spaces.space import Space

__all__ = [
    "Address",
    "Auth",
    "Chat",
    "Download",
    "Files",
    "JsonOutput",
    "Markdown",
    "Proxy",
    "Reasoning",
    "Route",
    "Settings",
    "Settle",
    "SpaceOption",
    "SpaceOptions",
    "System",
    "Timeout",
    "Token",
    "Trace",
    "is_address",
    "parse_auth",
    "parse_route",
    "parse_settings",
    "parse_settle",
    "parse_value",
]

_ADDRESS = (
    "URL, host:port, owner/name on Hugging Face, a name that `spacebridge spaces` lists, or `local` for the embedded "
    "Space."
)

SpaceOption = Annotated[
    str, typer.Option("--space", "-s", metavar="ADDRESS", envvar="SPACEBRIDGE_SPACE", help=f"Whom to ask: {_ADDRESS}")
]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help=_ADDRESS)]


def is_address(text: object) -> bool:
    """Whether a file is named by its address, and not by its path."""
    return isinstance(text, str) and text.lower().startswith(("http://", "https://"))


def _readable(files: list[str] | None) -> list[str] | None:
    """Files that are there, and addresses, which are fetched later.

    Raises:
        typer.BadParameter: a file can't be read.
    """
    for file in files or ():
        path = Path(file)
        if not is_address(file) and not (path.is_file() and os.access(path, os.R_OK)):
            why = "is a folder" if path.is_dir() else "can't be read" if path.exists() else "does not exist"
            raise typer.BadParameter(f"File {file!r} {why}.")
    return files


Files = Annotated[
    list[str] | None,
    typer.Option(
        "--file", "-f", metavar="FILE", callback=_readable, help="Send a file, too: a path or a URL. Repeatable."
    ),
]
Download = Annotated[
    Path | None,
    typer.Option(
        "--download", metavar="FOLDER", file_okay=False, help="Save the files of the answer there; nothing is replaced."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Set one of the app's settings (`spacebridge inspect` lists them). Repeatable.",
    ),
]
System = Annotated[str | None, typer.Option("--system", metavar="TEXT", help="A system message.")]
Chat = Annotated[
    str | None,
    typer.Option("--chat", metavar="X", help="Which of several chats: its number, tab, chatbot, button or event."),
]
Route = Annotated[
    str,
    typer.Option(
        "--route",
        metavar="auto|page|api",
        help="By the page's own events, as a browser, or by the endpoint that some apps have beside them.",
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="TOKEN",
        help="Hugging Face token; goes to Hugging Face's hosts only. By default HF_TOKEN or the cached login.",
    ),
]
Auth = Annotated[
    str | None,
    typer.Option(
        "--auth",
        metavar="USER[:PASSWORD]",
        envvar="SPACEBRIDGE_AUTH",
        help="Login of the app itself. Without a password you are asked for it.",
    ),
]
Proxy = Annotated[
    str | None, typer.Option("--proxy", metavar="URL", help="An http://, https:// or socks5:// proxy, used for all.")
]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", min=0.001, help="Give up after so long, queue included."),
]
Trace = Annotated[
    Path | None,
    typer.Option(
        "--trace",
        metavar="FILE",
        dir_okay=False,
        writable=True,
        help="Record what goes over the wire, secrets removed: what a bug report needs.",
    ),
]
JsonOutput = Annotated[bool, typer.Option("--json", help="For programs: JSON instead of text.")]
Settle = Annotated[
    str,
    typer.Option(
        "--settle",
        metavar="now|end",
        help="`now` shows the answer as it grows; `end` once, when it can't change any more.",
    ),
]
Reasoning = Annotated[
    bool, typer.Option("--reasoning", help="Show the model's reasoning, too; it goes to standard error when piped.")
]
Markdown = Annotated[
    bool | None,
    typer.Option(
        "--markdown/--plain",
        help="Render the answer's Markdown, or leave it as it is. By default it is rendered on a terminal.",
    ),
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpaceOptions:
    """Which Space, and how to reach it."""

    address: str
    token: str | None = None
    auth: str | None = None
    """``user:password``, or a user alone until ``asked``."""
    proxy: str | None = None
    timeout: float | None = None
    trace: Path | None = None
    chat: str | None = None
    route: Literal["auto", "page", "api"] = "auto"

    def asked(self) -> Self:
        """The same with the password that is missing asked for."""
        login = parse_auth(self.auth)
        return self if login is None else dataclasses.replace(self, auth=":".join(login))

    def timeouts(self) -> Timeouts:
        """The library's limits for ``--timeout``."""
        from spacebridge.options import Timeouts

        limits, seconds = Timeouts(), self.timeout
        if seconds is None:
            return limits
        connect = seconds if limits.connect is None else min(limits.connect, seconds)
        return Timeouts(connect=connect, wake=seconds, queue=seconds, first_text=seconds, total=seconds)

    def way(self) -> Way:
        """How requests on the way to the Space go."""
        from spacebridge.spaces.resolve import Way

        return Way(token=self.token or None, proxy=self.proxy or None, timeouts=self.timeouts())

    def space(self, address: str | None = None, **more: Any) -> Space:
        """The Space, not yet connected."""
        from spacebridge.spaces.space import Space

        return Space(
            address or self.address,
            token=self.token or None,
            auth=parse_auth(self.auth),
            proxy=self.proxy or None,
            timeouts=self.timeouts(),
            trace=self.trace,
            chat=self.chat,
            route=self.route,
            **more,
        )


def parse_value(text: str) -> Any:
    """A setting's value: a JSON number, truth value or list, else the text as it is."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    with contextlib.suppress(ValueError):
        value: object = json.loads(text, parse_constant=refuse)
        if isinstance(value, bool | int | list) or (isinstance(value, float) and abs(value) != float("inf")):
            return value  # pyright: ignore[reportUnknownVariableType] - any JSON
    return text


def parse_settings(pairs: list[str] | None) -> dict[str, Any]:
    """Settings from ``name=value``.

    Raises:
        typer.BadParameter: there is no ``=``, or no name.
    """
    values: dict[str, Any] = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE, such as temperature=0.2.", param_hint="--set")
        values[name.strip()] = parse_value(value)
    return values


def parse_settle(text: str) -> Literal["now", "end"]:
    """When text is shown.

    Raises:
        typer.BadParameter: it is neither ``now`` nor ``end``.
    """
    if text == "now":
        return "now"
    if text == "end":
        return "end"
    raise typer.BadParameter(f"{text!r} is neither `now` nor `end`.", param_hint="--settle")


def parse_route(text: str) -> Literal["auto", "page", "api"]:
    """Which way into the chat.

    Raises:
        typer.BadParameter: there is no such way.
    """
    if text in ("auto", "page", "api"):
        return text
    raise typer.BadParameter(f"{text!r} is none of `auto`, `page` and `api`.", param_hint="--route")


def parse_auth(text: str | None) -> tuple[str, str] | None:
    """User and password; a password that is missing is asked for.

    Raises:
        typer.BadParameter: it is missing, and there is no terminal to ask on.
    """
    if not text:
        return None
    user, colon, password = text.partition(":")
    if not colon:
        if not stdin_is_terminal():
            raise typer.BadParameter(
                "The password is missing, and there is no terminal to ask for it: give USER:PASSWORD in "
                "SPACEBRIDGE_AUTH.",
                param_hint="--auth",
            )
        password = str(typer.prompt(f"Password of {user}", hide_input=True, err=True))
    return user, password

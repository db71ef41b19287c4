"""`spacebridge config`: look over the gateway's configuration, and make keys for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(
    help="Look over the gateway's configuration, and make keys for it.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command("check")
def check(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", envvar="SPACEBRIDGE_CONFIG", help="By default spacebridge.toml."),
    ] = None,
) -> None:
    """Say what is wrong with a configuration, line by line.

    The exit code is 0 if it can be used, warnings or not, and 2 if it can't.
    """
    from spacebridge.cli.exits import OK, USAGE
    from spacebridge.cli.runner import report
    from spacebridge.cli.terminal.streams import stdout
    from spacebridge.errors import FileRefused
    from spacebridge.gateway.config import DEFAULT_FILE, read

    path = file or Path(DEFAULT_FILE)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise typer.Exit(report(FileRefused(f"The configuration {path} can't be read: {why}."))) from None
    config, mistakes = read(text)
    output = stdout()
    for mistake in mistakes:
        output.write_now(output.safe(f"{path}: {mistake}") + "\n")
    if any(not mistake.warning for mistake in mistakes):
        raise typer.Exit(USAGE)
    models = ", ".join(config.models) or "the embedded Space, as `local`"
    keys = f"{len(config.keys)} keys" if config.keys else "no keys: for this machine only"
    output.write_now(output.safe(f"{path} can be used: {models}; {keys}.") + "\n")
    raise typer.Exit(OK)


@app.command("key")
def key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is; logs and limits go by it.")],
) -> None:
    """Make a key: the key goes to standard output, what belongs into the file to standard error.

    The file holds only a hash: the key itself can't be had again.

    \b
    Example:
      spacebridge config key ada 2>> spacebridge.toml
    """  # noqa: D301 - \b keeps the lines of a help text
    from spacebridge.cli.terminal.streams import stderr, stdout
    from spacebridge.gateway.keys import hashed, new_key

    if not name.strip() or not name.isprintable():
        raise typer.BadParameter("A key's name must be a word or two.", param_hint="NAME")
    made = new_key()
    quoted = name if all(char.isascii() and (char.isalnum() or char in "-_") for char in name) else _quoted(name)
    stderr().write_now(f'\n[keys.{quoted}]\nhash = "{hashed(made)}"\n')
    stdout().write_now(f"{made}\n")


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

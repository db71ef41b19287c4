"""The program's commands and its help."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from spacebridge.cli.commands.ask import ask
from spacebridge.cli.commands.chat import chat
from spacebridge.cli.commands.config import app as config
from spacebridge.cli.commands.doctor import doctor
from spacebridge.cli.commands.inspect import inspect
from spacebridge.cli.commands.local import local
from spacebridge.cli.commands.serve import serve
from spacebridge.cli.commands.spaces import spaces
from spacebridge.cli.commands.version import version
from spacebridge.cli.exits import CODES

__all__ = ["app"]


_VARIABLES = {
    "SPACEBRIDGE_SPACE": "the Space to ask without -s",
    "SPACEBRIDGE_AUTH": "user:password of the app's login",
    "SPACEBRIDGE_MODEL": "path of another GGUF model for `local`",
    "SPACEBRIDGE_DEBUG": "1 shows tracebacks and logs",
    "HF_TOKEN": "Hugging Face token; without it that of `hf auth login`",
    "HF_ENDPOINT": "another Hub than https://huggingface.co",
    "NO_COLOR": "no colours",
}


def _epilog() -> str:
    codes = "\n".join(f"  {code:>3}  {meaning}" for code, meaning in CODES.items())
    variables = "\n".join(f"  {name:<18}  {meaning}" for name, meaning in _VARIABLES.items())
    return f"\b\nExit codes:\n{codes}\n\n\b\nEnvironment:\n{variables}"


app = typer.Typer(
    help="""Stream chat models out of Gradio apps.

    \b
    Examples:
      spacebridge ask "Why is the sky blue?"       the embedded Space
      spacebridge ask -s localhost:7860 "Hello"    an app of your own
      spacebridge ask -s owner/name "Hello"        a Space on Hugging Face
      spacebridge spaces                           Spaces that have names
      spacebridge chat -s localhost:7860           talk with it
      spacebridge serve                            an OpenAI API, and a chat page
      spacebridge inspect localhost:7860           what it is, where its chat
      spacebridge doctor localhost:7860            why it does not work
    """,
    epilog=_epilog(),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


@app.callback()
def spacebridge(
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and logs.")] = False,
) -> None:
    """Options of all commands."""
    if debug:
        os.environ["SPACEBRIDGE_DEBUG"] = "1"


for _command in (ask, chat, serve, inspect, spaces, local, doctor, version):
    app.command(context_settings={"max_content_width": 100})(_command)
app.add_typer(config, name="config")

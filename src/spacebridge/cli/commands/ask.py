"""`spacebridge ask`: one question, one answer."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spacebridge.cli.options import (
    Auth,
    Chat,
    Download,
    Files,
    JsonOutput,
    Markdown,
    Proxy,
    Reasoning,
    Route,
    Settings,
    Settle,
    SpaceOption,
    SpaceOptions,
    System,
    Timeout,
    Token,
    Trace,
    parse_route,
    parse_settings,
    parse_settle,
)
from spacebridge.cli.terminal.streams import stdin_is_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from spacebridge.cli.runner import Interrupts
    from spacebridge.cli.talk import Display

__all__ = ["ask", "read_prompt"]


def ask(
    prompt: Annotated[
        list[str] | None,
        typer.Argument(metavar="PROMPT|-", help="What to ask; `-` stands for what comes by standard input."),
    ] = None,
    space: SpaceOption = "local",
    file: Files = None,
    download: Download = None,
    setting: Settings = None,
    system: System = None,
    chat: Chat = None,
    route: Route = "auto",
    settle: Settle = "now",
    reasoning: Reasoning = False,
    markdown: Markdown = None,
    json: JsonOutput = False,
    timeout: Timeout = None,
    token: Token = None,
    auth: Auth = None,
    proxy: Proxy = None,
    trace: Trace = None,
) -> None:
    """Ask a Space; the answer comes as it grows.

    On a terminal it is rendered. Piped, standard output is the answer and nothing else, exactly as the app says it;
    notices, tool steps, files and reasoning go to standard error. If the answer is only files, their URLs are it.
    Ctrl-C stops the work on the server.

    \b
    Examples:
      spacebridge ask "Why is the sky blue?"                  the embedded Space
      spacebridge ask -s http://127.0.0.1:7860 "Hello"        an app of your own
      git diff | spacebridge ask "Review this:" -             standard input
      spacebridge ask -f plan.pdf "What is missing here?"     a file
      spacebridge ask --download pictures "Draw a cat"        files of the answer
      spacebridge ask --set temperature=0.2 "Hello"           a setting of the app
      spacebridge ask --json "Hello" | jq -r 'select(.type == "text").text'
    """  # noqa: D301 - \b keeps the lines of a help text
    values, when = parse_settings(setting), parse_settle(settle)
    text = read_prompt(prompt or [])
    options = SpaceOptions(
        address=space,
        token=token,
        auth=auth,
        proxy=proxy,
        timeout=timeout,
        trace=trace,
        chat=chat,
        route=parse_route(route),
    ).asked()

    from spacebridge.cli.runner import run
    from spacebridge.cli.talk import Display, form_for
    from spacebridge.cli.terminal.streams import stderr, stdout
    from spacebridge.cli.terminal.waiting import Waiting

    async def command(interrupts: Interrupts) -> int:
        output, errors = stdout(), stderr()
        waiting = Waiting(errors, silent=json)
        interrupts.at_exit.append(waiting.hide)
        display = Display(
            output=output,
            errors=errors,
            waiting=waiting,
            form=form_for(output, json=json, markdown=markdown),
            reasoning=reasoning,
            settle=when,
        )
        return await _ask(options, display, text, download, files=file or [], system=system, settings=values)

    run(command)


async def _ask(options: SpaceOptions, display: Display, text: str, folder: Path | None, **said: Any) -> int:
    from spacebridge.cli.download import download
    from spacebridge.cli.exits import OK
    from spacebridge.cli.runner import report
    from spacebridge.cli.talk import connected, say

    display.prepare()
    begun = False
    try:
        async with connected(options, display.waiting) as space:
            conversation = space.conversation()
            begun = True
            answer = await say(display, lambda: conversation.stream(text, settle=display.settle, **said))
            if folder is not None:
                await download(answer.attachments, folder, display.errors)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        if not begun and display.form == "json":
            await (await display.presenter()).close(error)
        code = report(error, display.errors)
        _tell_whole(error, display)
        return code
    return OK


def _tell_whole(error: Exception, display: Display) -> None:
    """Where the answer could not be put right on standard output, have it on standard error."""
    whole: object = getattr(error, "text", None)
    if isinstance(whole, str) and type(error).__name__ == "AnswerRewritten" and display.form != "json":
        display.errors.write_now(f"the whole answer:\n{display.errors.safe(whole)}\n")


def read_prompt(words: list[str]) -> str:
    """What is asked: the words, with standard input in the place of ``-``.

    Standard input is read only if it is asked for, or if there are no words: a program that inherits a pipe that
    nobody closes would else wait for ever.

    Raises:
        typer.BadParameter: there is nothing to ask, or standard input is not text.
    """
    if not words:
        if stdin_is_terminal():
            raise typer.BadParameter("Say what to ask, or `-` for standard input.", param_hint="PROMPT")
        words = ["-"]
    parts: list[str] = []
    line: list[str] = []
    for word in words:
        if word == "-":
            parts += [" ".join(line), _standard_input()]
            line = []
        else:
            line.append(word)
    text = "\n\n".join(part for part in [*parts, " ".join(line)] if part)
    if not text.strip():
        raise typer.BadParameter("There is nothing to ask: the prompt is empty.", param_hint="PROMPT")
    return text


def _standard_input() -> str:
    data = b""
    with contextlib.suppress(AttributeError, OSError, ValueError):  # closed
        data = sys.stdin.buffer.read()
    for encoding in ("utf-8-sig", sys.stdin.encoding if sys.stdin else "utf-8"):
        with contextlib.suppress(UnicodeDecodeError, LookupError):
            return data.decode(encoding).replace("\r\n", "\n").removesuffix("\n")
    raise typer.BadParameter("Standard input is not text; send it as a file, with -f.", param_hint="PROMPT")

"""`spacebridge chat`: a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacebridge.cli.options import (
    Auth,
    Chat,
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
    from spacebridge.cli.runner import Interrupts

__all__ = ["chat"]


def chat(
    space: SpaceOption = "local",
    file: Files = None,
    setting: Settings = None,
    system: System = None,
    which: Chat = None,
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
    """Talk with a Space: one conversation, which it remembers.

    Ctrl-C stops an answer, Ctrl-D ends. Alt-Enter, or a backslash at the end of a line, begins a new line. /help shows
    what else there is: a new conversation, files, settings, saving and loading.

    Without a terminal each line of standard input is a message, and the exit code is that of the last error.

    \b
    Examples:
      spacebridge chat
      spacebridge chat -s http://127.0.0.1:7860 --system "Answer in French."
      printf 'My name is Ada.\\nWhat is my name?\\n' | spacebridge chat
    """  # noqa: D301 - \b keeps the lines of a help text
    values, when = parse_settings(setting), parse_settle(settle)
    options = SpaceOptions(
        address=space,
        token=token,
        auth=auth,
        proxy=proxy,
        timeout=timeout,
        trace=trace,
        chat=which,
        route=parse_route(route),
    ).asked()

    from spacebridge.cli.runner import run

    async def command(interrupts: Interrupts) -> int:
        from spacebridge.cli.repl.loop import COMMANDS, Repl
        from spacebridge.cli.repl.readers import Lines, Terminal
        from spacebridge.cli.talk import Display, form_for
        from spacebridge.cli.terminal.streams import stderr, stdout
        from spacebridge.cli.terminal.waiting import Waiting

        output, errors = stdout(), stderr()
        waiting = Waiting(errors, silent=json)
        interrupts.at_exit.append(waiting.hide)
        typed = stdin_is_terminal()
        display = Display(
            output=output,
            errors=errors,
            waiting=waiting,
            form=form_for(output, json=json, markdown=markdown),
            reasoning=reasoning,
            settle=when,
        )
        repl = Repl(
            options,
            display,
            Terminal([name.partition(" ")[0] for name in COMMANDS]) if typed else Lines(),
            interrupts,
            greeting=typed,
            system=system,
            settings=values,
            files=list(file or []),
        )
        return await repl.run()

    run(command)

"""`spacebridge doctor`: what works here, and why a Space does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from spacebridge.cli.options import Auth, Chat, JsonOutput, Proxy, SpaceOptions, Timeout, Token, Trace

if TYPE_CHECKING:
    from spacebridge.cli.doctor import Check
    from spacebridge.cli.runner import Interrupts
    from spacebridge.cli.terminal.streams import Output

__all__ = ["doctor"]


def doctor(
    address: Annotated[str | None, typer.Argument(metavar="ADDRESS", help="A Space to look at, too.")] = None,
    chat: Chat = None,
    json: JsonOutput = False,
    timeout: Timeout = None,
    token: Token = None,
    auth: Auth = None,
    proxy: Proxy = None,
    trace: Trace = None,
) -> None:
    """Say what works here and what is missing; with an address, whether it can be reached, and why not.

    The exit code is 0 if all that is needed works, else 1. What is only missing is not needed: `doctor local` wants
    the parts of the embedded Space, `doctor` alone does not.

    \b
    Examples:
      spacebridge doctor
      spacebridge doctor local
      spacebridge doctor https://my-host.example/app
    """  # noqa: D301 - \b keeps the lines of a help text
    options = SpaceOptions(
        address=address or "", token=token, auth=auth, proxy=proxy, timeout=timeout, trace=trace, chat=chat
    ).asked()

    from spacebridge.cli.runner import run

    async def command(_: Interrupts) -> int:
        return await _examine(options, json=json)

    run(command)


async def _examine(options: SpaceOptions, *, json: bool) -> int:
    from spacebridge.cli.doctor import check_here, check_space
    from spacebridge.cli.exits import ERROR, OK
    from spacebridge.cli.show.json_lines import json_text
    from spacebridge.cli.terminal.streams import stderr, stdout
    from spacebridge.cli.terminal.waiting import Waiting

    output, waiting = stdout(), Waiting(stderr(), silent=json)
    here: list[Check] = []
    there: list[Check] = []

    async def show(check: Check, before: str = "") -> None:
        if not json:
            waiting.stop()
            await output.write(before + _lines(check, output))

    if not json:
        await output.write("Here\n")
    async for check in check_here(options):
        here.append(check)
        await show(check)
    if options.address and all(check.state != "failed" for check in here):
        if not json:
            await output.write(f"\n{output.safe(options.address)}\n")
        waiting.start("looking")
        async for check in check_space(options, on_status=waiting.status):
            there.append(check)
            await show(check)
            waiting.start("looking")
        waiting.stop()
    well = all(check.state != "failed" for check in (*here, *there))
    if json:
        found: dict[str, Any] = {"ok": well, "here": here}
        if options.address:
            found |= {"address": options.address, "space": there}
        await output.write(json_text(found, output))
    return OK if well else ERROR


def _lines(check: Check, output: Output) -> str:
    from spacebridge.cli.terminal.sheet import Sheet

    marks = {
        "ok": output.glyph("✓", "ok"),
        "missing": output.glyph("–", "--"),
        "failed": output.glyph("✗", "NO"),
    }
    page = Sheet(output)
    page.field(f"{marks[check.state]} {check.name}", check.said, column=18)
    if check.hint and check.state != "ok":
        page.line(f"hint: {check.hint}", level=3)
    return page.text()

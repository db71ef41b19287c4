"""`spacebridge inspect`: what an app is, where its chat is, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacebridge.cli.options import (
    Address,
    Auth,
    Chat,
    JsonOutput,
    Proxy,
    Route,
    SpaceOptions,
    Timeout,
    Token,
    Trace,
    parse_route,
)

if TYPE_CHECKING:
    from spacebridge.cli.runner import Interrupts

__all__ = ["inspect"]


def inspect(
    address: Address,
    chat: Chat = None,
    route: Route = "auto",
    json: JsonOutput = False,
    timeout: Timeout = None,
    token: Token = None,
    auth: Auth = None,
    proxy: Proxy = None,
    trace: Trace = None,
) -> None:
    """Show what an app is: its chat, its settings, and why they were taken for it.

    One request is made, `GET /config`; nothing is asked.

    \b
    Examples:
      spacebridge inspect http://127.0.0.1:7860
      spacebridge inspect --json my-host:7860 | jq .settings
      spacebridge inspect --auth ada http://my-host:7860    asks for the password
    """  # noqa: D301 - \b keeps the lines of a help text
    options = SpaceOptions(
        address=address,
        token=token,
        auth=auth,
        proxy=proxy,
        timeout=timeout,
        trace=trace,
        chat=chat,
        route=parse_route(route),
    ).asked()

    from spacebridge.cli.runner import run

    async def command(_: Interrupts) -> int:
        return await _inspect(options, json=json)

    run(command)


async def _inspect(options: SpaceOptions, *, json: bool) -> int:
    from spacebridge.cli.describe import describe, sheet
    from spacebridge.cli.exits import EXIT_CODES, OK
    from spacebridge.cli.show.json_lines import error_object, json_text
    from spacebridge.cli.talk import connected
    from spacebridge.cli.terminal.streams import stderr, stdout
    from spacebridge.cli.terminal.waiting import Waiting

    output = stdout()
    try:
        async with connected(options, Waiting(stderr(), silent=json)) as space:
            found = describe(space)
    except Exception as error:
        if json:
            await output.write(json_text(error_object(error), output))
        raise
    await output.write(json_text(found, output) if json else sheet(found, output))
    return OK if found["chat"] is not None else EXIT_CODES["NoChatFound"]

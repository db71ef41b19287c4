"""`spacebridge spaces`: the Spaces that have names, and whether they can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacebridge.cli.options import JsonOutput, Proxy, SpaceOptions, Timeout, Token

if TYPE_CHECKING:
    from spacebridge.cli.runner import Interrupts

__all__ = ["spaces"]


def spaces(
    check: Annotated[
        bool, typer.Option("--check", help="Look at each, whether it can be reached. Nothing is asked, nobody woken.")
    ] = False,
    json: JsonOutput = False,
    timeout: Timeout = None,
    token: Token = None,
    proxy: Proxy = None,
) -> None:
    """List the Spaces of the catalogue. Their names are addresses for all commands.

    Any other Gradio app can be asked as well, by its address: the catalogue only gives names. `verified` is the day on
    which a row was last seen to work; most have never been.

    \b
    Examples:
      spacebridge spaces
      spacebridge spaces --check
      spacebridge spaces --json | jq -r '.[].name'
    """  # noqa: D301 - \b keeps the lines of a help text
    options = SpaceOptions(address="", token=token, proxy=proxy, timeout=timeout)

    from spacebridge.cli.runner import run

    async def command(_: Interrupts) -> int:
        return await _list(options, check=check, json=json)

    run(command)


async def _list(options: SpaceOptions, *, check: bool, json: bool) -> int:
    from spacebridge.cli.exits import EXIT_CODES, OK
    from spacebridge.cli.listing import described, listed
    from spacebridge.cli.show.json_lines import json_text
    from spacebridge.cli.terminal.streams import stderr, stdout
    from spacebridge.cli.terminal.waiting import Waiting
    from spacebridge.spaces.catalogue import CATALOGUE
    from spacebridge.spaces.visits import Visit, visit_all

    output, waiting = stdout(), Waiting(stderr(), silent=json)
    rows = list(CATALOGUE.values())
    seen: dict[str, Visit] | None = None
    if check:
        seen = {}
        try:
            waiting.start(f"looking at {len(rows)} Spaces")
            async for visit in visit_all(rows, options.way()):
                seen[visit.name] = visit
                waiting.start(f"looking at {len(rows)} Spaces, {len(seen)} seen")
        finally:
            waiting.stop()
    await output.write(json_text(described(rows, seen), output) if json else listed(rows, seen, output))
    away = seen is not None and all(visit.state == "offline" for visit in seen.values())
    return EXIT_CODES["ConnectionLost"] if away else OK

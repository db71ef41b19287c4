"""What clients are told of a Space: the model's name, where the operator's own view has an address or a function of it.

Addresses may be of hosts that only the gateway reaches, and which Spaces stand behind a model is the operator's affair.
The log names them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["without_addresses"]

_SOCKET = re.compile(r"\('[\da-fA-F.:%]+', \d+(?:, \d+, \d+)?\)")
"""An address as the system's own errors tell it."""
_CALL = re.compile(r"(?:\[Errno -?\d+\] )?Connect call failed(?: '[^']*',?)*")
"""How asyncio says so; whom it called, has been said before."""
_ASKED = r"(?:(?:/[^\s']+|fn \d+) of|GET|HEAD|POST) (?={name})"
"""How errors of the library begin: with a function or a request, of which who asks a model knows nothing."""
_DONE_TO = {
    " was answered with ": " answered with ",
    " was refused: ": " refused what it was told: ",
    " was cancelled on the server": " cancelled the answer",
    " came to another process of the app than": " runs as several processes, and another one was asked than",
}
"""What they say then was done to the request, as what the app did."""


def without_addresses(text: str, addresses: Iterable[str], name: str) -> str:
    """A text in which each address, with whatever of a URL is around it, is the model's name.

    Args:
        text: for a client.
        addresses: hosts with their ports, or names on Hugging Face.
        name: of the model.
    """
    for address in sorted({*filter(None, addresses)}, key=len, reverse=True):
        # A URL goes on until white space or a quote, but a sign at its end is the sentence's.
        around = rf"(?<![\w.-])(?:https?://[^\s'\"]*?)?{re.escape(address)}(?![\w-])(?:[/?:][^\s'\"]*[\w/])?/?"
        text = re.sub(around, lambda _: repr(name), text)
    text = _SOCKET.sub(lambda _: repr(name), text).replace(f"'{name!r}'", repr(name))
    text = _CALL.sub("it does not answer", text)
    app = f"The app behind {name!r}"
    text = re.sub(_ASKED.format(name=re.escape(repr(name))), "The app behind ", text)
    for done, does in _DONE_TO.items():
        text = text.replace(app + done, app + does)
    return text

"""Saving the files of an answer."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from spacebridge.errors import SpacebridgeError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spacebridge.chat.events import Attachment
    from spacebridge.cli.terminal.streams import Output

__all__ = ["download"]


async def download(attachments: Sequence[Attachment], folder: Path, errors: Output) -> None:
    """Save files into a folder, which is made where it is not there, and say where each is; nothing is replaced.

    Raises:
        SpacebridgeError, OSError: of the first that could not be saved, when all others are.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    failed: Exception | None = None
    for attachment in attachments:
        try:
            place = await attachment.save(folder)
        except (SpacebridgeError, OSError) as error:
            failed = failed or error
            continue
        with contextlib.suppress(OSError):
            errors.write_now(f"{errors.dim(errors.safe(f'saved: {place}'))}\n")
    if failed is not None:
        raise failed

"""What a conversation needs of the Space it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Mapping

    from spacebridge.chat.attachment import Attachment
    from spacebridge.chat.conversation import Conversation
    from spacebridge.chat.files import FileValue
    from spacebridge.chat.layout import Layout
    from spacebridge.chat.past import Past
    from spacebridge.chat.rules import TextRules
    from spacebridge.gradio.config import Config
    from spacebridge.gradio.session import Session
    from spacebridge.gradio.upload import Progress, UploadFile
    from spacebridge.options import Limits, Timeouts

__all__ = ["Host"]


class Host(Protocol):
    """What a conversation needs of the Space it belongs to."""

    @property
    def address(self) -> str:
        """What the user calls it."""
        ...

    @property
    def config(self) -> Config:
        """The app as it was last read."""
        ...

    @property
    def layout(self) -> Layout:
        """Where the chat is on its page."""
        ...

    def session(self, session_hash: str) -> Session:
        """A session of it."""
        ...

    async def verify(self) -> None:
        """Read the app anew if it was restarted since it was last heard."""
        ...

    def vouch(self) -> None:
        """The app was just heard."""
        ...

    def doubt(self) -> None:
        """Something failed: look at the app before the next turn."""
        ...

    @property
    def timeouts(self) -> Timeouts:
        """Time limits."""
        ...

    @property
    def limits(self) -> Limits:
        """Other limits."""
        ...

    @property
    def rules(self) -> TextRules:
        """How the Space decorates its answers."""
        ...

    async def upload(self, files: list[UploadFile], progress: Progress | None = None) -> list[dict[str, Any]]:
        """Send files; Gradio's ``FileData`` for each."""
        ...

    def attachment(self, file: FileValue) -> Attachment:
        """Where a file of an answer can be fetched."""
        ...

    def slot(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """A place among the turns that may run at once."""
        ...

    def cookies(self) -> dict[str, str]:
        """Cookies that the app has set."""
        ...

    def another(self, past: Past, settings: Mapping[str, Any], *, route: str | None = None) -> Conversation:
        """A conversation that begins with the past and the settings of an earlier one, and goes its way."""
        ...

    def hide(self, secret: str) -> None:
        """Keep a text out of traces and errors."""
        ...

"""A conversation as plain data, to go on with it elsewhere."""

from __future__ import annotations

import json
from typing import Any, Self

from spacebridge import errors

__all__ = ["JsonConversation"]


class JsonConversation:
    """What resumes a conversation: a session hash, and what the client holds for it.

    Any keyword becomes an attribute. ``session_hash`` alone is enough where the app keeps everything on its side.

    Attributes:
        session_hash: keys the app's State on the server.
        version: of this format.
        address: of the Space.
        app_id: of the running app; another one means that the app restarted and has forgotten the session.
        cookies: that the app had set.
        values: component values that differ from the app's initial ones, by component id.
        state: ``clean``, ``partial`` or ``lost``.
        route: ``page`` or ``api``: the way into the chat that it has gone.
        settings: that are still to be set.
        history_mode: how the app was told what it began with; see ``Conversation.history_mode``.
        history: what it began with, as messages.
        turns: what has been said in it since, as messages.
    """

    session_hash: str

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def get_dict(self) -> dict[str, Any]:
        """As a dict that ``json`` can write."""
        return dict(self.__dict__)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The conversation of such a dict."""
        return cls(**data)

    def to_json(self) -> str:
        """As JSON."""
        return json.dumps(self.get_dict(), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The conversation of such JSON.

        Raises:
            InvalidConversation: it is none.
        """
        try:
            data = json.loads(text)
        except ValueError as error:
            raise errors.InvalidConversation(f"This is no dumped conversation: {error}.") from error
        if not isinstance(data, dict):
            raise errors.InvalidConversation("This is no dumped conversation: it is JSON, but no object.")
        return cls(**data)

    def reset(self) -> None:
        """Forget everything."""
        self.__dict__.clear()

    def __str__(self) -> str:
        # Callers that join all chunks of a stream with str() must not find this among the text.
        return ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(session_hash={self.__dict__.get('session_hash')!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JsonConversation) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]  # it can be changed

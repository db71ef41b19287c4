"""Everything that can go wrong, as one tree.

::

    SpacebridgeError
    ├── AddressError (ValueError)        the address can't be read
    ├── ConnectionLost (aiohttp.ClientError)
    │   ├── CannotConnect                no server, no such name, refused, proxy trouble
    │   │   └── CertificateRefused       TLS could not be agreed on
    │   ├── StreamCut                    the event stream ended in mid-answer
    │   └── SessionLost                  the server no longer knows the session
    ├── TimedOut (TimeoutError, aiohttp.ClientError)
    ├── ServerRefused (aiohttp.ClientError)   an HTTP status that is no success
    │   ├── SpaceNotFound                404
    │   ├── LoginRequired                401
    │   ├── AccessDenied                 403: private or gated
    │   ├── RateLimited                  429
    │   ├── QueueFull                    503 from the queue
    │   ├── UploadRefused                413 and other refusals of a file
    │   ├── FileUnavailable              a file, of an answer or to be sent, can't be fetched
    │   ├── RedirectRefused              to another host
    │   └── SpaceUnavailable             502, 503, 504, or a Space that does not run
    │       ├── SpaceAsleep
    │       ├── SpacePaused
    │       └── SpaceBuildFailed
    ├── ProtocolError                    the other side speaks, but not as expected
    │   ├── NotJSON (json.JSONDecodeError)
    │   │   └── NotGradio
    │   ├── FrameTooLarge                a limit that can be set
    │   └── AnswerTooLarge               a limit that can be set
    ├── AppFailed                        the app's own function raised
    │   ├── QuotaExceeded                ZeroGPU; ``retry_after`` in seconds
    │   └── GpuUnavailable               ZeroGPU; none came free in time
    ├── ValidationRefused                the app's validator said no
    ├── TurnCancelled                    somebody cancelled the turn on the server
    ├── AnswerRewritten                  what was streamed is not how the answer ended
    ├── EmptyAnswer                      the turn ended and nothing was said
    ├── NoChatFound                      ``looked_at`` says what was looked at
    ├── NotOffered                       the app has nothing of the kind: no retry, no such option
    ├── UnknownSetting, InvalidSetting (ValueError)
    ├── UnknownModel (ValueError)
    ├── InvalidMessages (ValueError)
    ├── InvalidConversation (ValueError)
    ├── FileRefused (ValueError)
    ├── TurnInProgress (RuntimeError)
    ├── StoreFailed                      where conversations are kept can't be reached or read
    └── MissingPart (ImportError)        an extra or the weights are not installed

Every error says what was asked of whom, what came back and, as ``hint``, what to do next. ``partial`` is the text
that had been streamed before; it is never taken for an answer.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AccessDenied",
    "AddressError",
    "AnswerRewritten",
    "AnswerTooLarge",
    "AppFailed",
    "CannotConnect",
    "CertificateRefused",
    "ConnectionLost",
    "EmptyAnswer",
    "FileRefused",
    "FileUnavailable",
    "FrameTooLarge",
    "GpuUnavailable",
    "InvalidConversation",
    "InvalidMessages",
    "InvalidSetting",
    "LoginRequired",
    "MissingPart",
    "NoChatFound",
    "NotGradio",
    "NotJSON",
    "NotOffered",
    "ProtocolError",
    "QueueFull",
    "QuotaExceeded",
    "RateLimited",
    "RedirectRefused",
    "ServerRefused",
    "SessionLost",
    "SpaceAsleep",
    "SpaceBuildFailed",
    "SpaceNotFound",
    "SpacePaused",
    "SpaceUnavailable",
    "SpacebridgeError",
    "StoreFailed",
    "StreamCut",
    "TimedOut",
    "TurnCancelled",
    "TurnInProgress",
    "UnknownModel",
    "UnknownSetting",
    "UploadRefused",
    "ValidationRefused",
]


class SpacebridgeError(Exception):
    """Base of all errors raised by spacebridge.

    Attributes:
        message: what was asked of whom and what came back.
        hint: what to do next, or an empty string.
        partial: the text that was streamed before the error, or an empty string.
    """

    default_hint = ""

    def __init__(self, message: str, *, hint: str | None = None, partial: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint
        self.partial = partial

    def __str__(self) -> str:
        # The end of the message may be what an app said, and apps end their sentences as they like.
        stop = "." if self.hint and self.message[-1:].isalnum() else ""
        return f"{self.message}{stop} {self.hint}".rstrip()

    def __reduce__(self) -> tuple[object, ...]:
        # By default an error is made anew from its message alone; what it carries besides would be missing.
        return _rebuilt, (type(self), self.args, dict(self.__dict__))


def _rebuilt(kind: type[SpacebridgeError], args: tuple[object, ...], state: dict[str, object]) -> SpacebridgeError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class AddressError(SpacebridgeError, ValueError):
    """The address of a Space can't be read."""


class ConnectionLost(SpacebridgeError, aiohttp.ClientError):
    """The connection could not be made or was lost."""

    default_hint = "Check the address and the network, then ask again."


class CannotConnect(ConnectionLost):
    """No connection came about: no server, no such name, refused, or the proxy failed."""


class CertificateRefused(CannotConnect):
    """TLS could not be agreed on, most often because of the server's certificate."""

    default_hint = "Check the server's certificate, or whether the address should begin with http://."


class StreamCut(ConnectionLost):
    """The event stream ended in mid-answer. ``partial`` holds the text that had come."""

    default_hint = "Gradio can't resume a stream; ask again."


class SessionLost(ConnectionLost):
    """The server no longer knows the session: the app restarted, or threw the session out."""

    default_hint = "Begin a new conversation; the app has forgotten this one."


class TimedOut(SpacebridgeError, aiohttp.ServerTimeoutError):
    """A time limit passed.

    Attributes:
        limit: name of the limit in :class:`spacebridge.Timeouts` that passed.
        seconds: its value.
        still_running: whether the turn may still run on the server.
    """

    default_hint = "Raise the limit (Timeouts) if the Space is only slow."

    def __init__(
        self,
        message: str,
        *,
        limit: str,
        seconds: float,
        still_running: bool = False,
        hint: str | None = None,
        partial: str = "",
    ) -> None:
        super().__init__(message, hint=hint, partial=partial)
        self.limit = limit
        self.seconds = seconds
        self.still_running = still_running


class ServerRefused(SpacebridgeError, aiohttp.ClientError):
    """The server answered with a status that is no success.

    Attributes:
        status: the HTTP status code.
        retry_after: seconds after which the server allows another try, if it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        retry_after: float | None = None,
        hint: str | None = None,
        partial: str = "",
    ) -> None:
        super().__init__(message, hint=hint, partial=partial)
        self.status = status
        self.retry_after = retry_after


class SpaceNotFound(ServerRefused):
    """There is nothing at this address (404)."""

    default_hint = "Check the address."


class LoginRequired(ServerRefused):
    """The app wants a login, or refused the one given (401)."""

    default_hint = "Give auth=(user, password) for the app's own login, or token= for a private Space."


class AccessDenied(ServerRefused):
    """The server refused access (403): a private or gated Space."""

    default_hint = "Give a token= that may see this Space."


class RateLimited(ServerRefused):
    """Too many requests (429). ``retry_after`` says how many seconds to wait, if the server said so."""

    default_hint = "Wait before asking again."


class QueueFull(ServerRefused):
    """The app's queue takes no more events (503)."""

    default_hint = "Ask again later."


class UploadRefused(ServerRefused):
    """The server did not take a file."""


class FileUnavailable(ServerRefused):
    """A file of an answer, or one that should be sent by its address, can't be fetched."""

    default_hint = "Apps keep files for a while only; ask again for a new one."


class RedirectRefused(ServerRefused):
    """The server sent the request on to another host, where it was not followed.

    Attributes:
        location: where it pointed.
    """

    default_hint = "If the other host is right, use its address."

    def __init__(self, message: str, *, location: str, status: int = 0) -> None:
        super().__init__(message, status=status)
        self.location = location


class SpaceUnavailable(ServerRefused):
    """The Space does not answer now (502, 503, 504, or it does not run)."""

    default_hint = "Ask again later."


class SpaceAsleep(SpaceUnavailable):
    """The Space sleeps and could not be woken in time."""


class SpacePaused(SpaceUnavailable):
    """The Space was paused by its owner."""

    default_hint = "Only its owner can start it again."


class SpaceBuildFailed(SpaceUnavailable):
    """The Space's build or start failed."""

    default_hint = "Only its owner can mend it."


class ProtocolError(SpacebridgeError):
    """The other side speaks, but not as expected."""


class NotJSON(ProtocolError, json.JSONDecodeError):
    """A reply should have been JSON and was not. It is a ``json.JSONDecodeError``, too."""

    def __init__(self, message: str, *, doc: str = "", pos: int = 0, hint: str | None = None) -> None:
        json.JSONDecodeError.__init__(self, message, doc, min(pos, len(doc)))
        self.message = message
        self.hint = self.default_hint if hint is None else hint
        self.partial = ""


class NotGradio(NotJSON):
    """What answers at the address is not a Gradio app."""

    default_hint = "Open the address in a browser: it should show a Gradio page."


class FrameTooLarge(ProtocolError):
    """One event of the stream is larger than ``Limits.frame`` bytes.

    Attributes:
        frames: the events before it that came in the same piece; bytes, and from where to where in them each stands.
    """

    default_hint = "Raise Limits.frame if events of this size are expected."
    frames: Sequence[tuple[bytes, int, int]] = ()


class AnswerTooLarge(ProtocolError):
    """The answer is longer than ``Limits.answer`` characters."""

    default_hint = "Raise Limits.answer if answers of this size are expected."


class AppFailed(SpacebridgeError):
    """The app's own function raised.

    Attributes:
        title: the title that the page would show.
        detail: the app's message, or an empty string where the app hides it (``show_error=False``).
    """

    def __init__(
        self,
        message: str,
        *,
        title: str = "Error",
        detail: str = "",
        hint: str | None = None,
        partial: str = "",
    ) -> None:
        super().__init__(message, hint=hint, partial=partial)
        self.title = title
        self.detail = detail


class QuotaExceeded(AppFailed):
    """A ZeroGPU quota is used up.

    Attributes:
        retry_after: seconds until the quota allows another call, if the Space said so.
        requested: seconds of GPU that the call asks for, if the Space said so.
        left: seconds of GPU that are left of the quota, if the Space said so.
    """

    default_hint = "Wait, or give the token of an account with more quota."
    retry_after: float | None = None
    requested: float | None = None
    left: float | None = None


class GpuUnavailable(AppFailed):
    """No GPU of ZeroGPU came free in time."""

    default_hint = "Ask again later."


class ValidationRefused(SpacebridgeError):
    """The app's validator refused an input."""

    default_hint = "Change the input as the message says."


class TurnCancelled(SpacebridgeError):
    """The turn was cancelled on the server, by somebody else than this client."""


class AnswerRewritten(SpacebridgeError):
    """The answer ended differently from what had been streamed.

    Attributes:
        text: the whole final answer.
    """

    default_hint = "Take .text for the whole answer, or ask with settle='end'."

    def __init__(self, message: str, *, text: str, hint: str | None = None, partial: str = "") -> None:
        super().__init__(message, hint=hint, partial=partial)
        self.text = text


class EmptyAnswer(SpacebridgeError):
    """The turn ended without an error, and nothing was said."""

    default_hint = "Look at the app in a browser, or at `spacebridge inspect`: is this its chat?"


class NoChatFound(SpacebridgeError):
    """In this app no chat was found.

    Attributes:
        looked_at: a line for each thing that was looked at, and why it is no chat.
    """

    default_hint = "`spacebridge inspect` shows what the app offers."

    def __init__(self, message: str, *, looked_at: tuple[str, ...] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.looked_at = looked_at

    def __str__(self) -> str:
        lines = [super().__str__(), *(f"- {line}" for line in self.looked_at)]
        return "\n".join(lines)


class NotOffered(SpacebridgeError):
    """The app has nothing of the kind that was asked for: no retry, no undo, no such option."""


class UnknownSetting(SpacebridgeError, ValueError):
    """The app has no setting of this name."""


class InvalidSetting(SpacebridgeError, ValueError):
    """The app's setting does not allow this value."""


class UnknownModel(SpacebridgeError, ValueError):
    """No model of this name is known."""


class InvalidMessages(SpacebridgeError, ValueError):
    """The messages can't be sent: a wrong form, or nothing to say in them."""


class InvalidConversation(SpacebridgeError, ValueError):
    """A dumped conversation can't be resumed."""


class FileRefused(SpacebridgeError, ValueError):
    """A file can't be sent (it does not exist, or the app takes none of its kind), or a trace can't be written."""


class TurnInProgress(SpacebridgeError, RuntimeError):
    """A conversation does one turn at a time, and one is under way."""

    default_hint = "Wait for it, leave its block, or use another conversation."


class StoreFailed(SpacebridgeError):
    """Where conversations and limits are kept can't be reached, or is broken."""

    default_hint = "Look after the store, or name another one."


class MissingPart(SpacebridgeError, ImportError):
    """Something that is installed separately is missing; ``hint`` names the command."""

"""Errors and their exit codes. Errors are known by name here, so that nothing heavy is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacebridge.errors import SpacebridgeError

__all__ = ["BROKEN_PIPE", "CODES", "ERROR", "EXIT_CODES", "INTERRUPTED", "OK", "USAGE", "exit_code", "hint_for"]

OK = 0
ERROR = 1
USAGE = 2
INTERRUPTED = 130
BROKEN_PIPE = 141

CODES: dict[int, str] = {
    OK: "done",
    ERROR: "another error",
    USAGE: "wrong usage: an option, setting, file or input that is refused",
    3: "wrong address: unreadable, nothing there, not Gradio, or no chat",
    4: "a login or a token is needed, or was refused",
    5: "the quota, rate or queue is full, or no GPU is free: try later",
    6: "a time limit passed",
    7: "no connection, the connection was lost, or the Space does not run",
    8: "the app failed, said nothing, took its answer back, or makes no sense",
    9: "a part is not installed; the message names the command",
    INTERRUPTED: "interrupted by Ctrl-C (129 and 143: by SIGHUP and SIGTERM)",
    BROKEN_PIPE: "whoever read the output went away",
}
"""Every exit code and what it means."""

EXIT_CODES: dict[str, int] = {
    "AddressError": 3,
    "ConnectionLost": 7,
    "TimedOut": 6,
    "ServerRefused": 8,
    "SpaceNotFound": 3,
    "LoginRequired": 4,
    "AccessDenied": 4,
    "RateLimited": 5,
    "QueueFull": 5,
    "UploadRefused": USAGE,
    "RedirectRefused": 3,
    "SpaceUnavailable": 7,
    "ProtocolError": 8,
    "NotGradio": 3,
    "AppFailed": 8,
    "QuotaExceeded": 5,
    "GpuUnavailable": 5,
    "ValidationRefused": USAGE,
    "TurnCancelled": 8,
    "AnswerRewritten": 8,
    "EmptyAnswer": 8,
    "NoChatFound": 3,
    "NotOffered": USAGE,
    "UnknownSetting": USAGE,
    "InvalidSetting": USAGE,
    "UnknownModel": USAGE,
    "InvalidMessages": USAGE,
    "InvalidConversation": USAGE,
    "InvalidConfig": USAGE,
    "StoreFailed": 7,
    "FileRefused": USAGE,
    "TurnInProgress": ERROR,
    "MissingPart": 9,
    "SpacebridgeError": ERROR,
}
"""Exit codes by the name of an error, or of what it is a kind of; the closest counts."""

# Where the library's hint speaks of Python, the shell says which option it is.
_HINTS: dict[str, str] = {
    "AnswerRewritten": "`--settle end` waits until the answer can't change any more.",
    "AccessDenied": "Give a token that may see this Space: --token, or HF_TOKEN in the environment.",
    "LoginRequired": "Give --auth USER (the password is asked for), or --token for a private Space.",
    "QuotaExceeded": "Wait, or give the --token of an account with more quota.",
    "SessionLost": "Begin a new conversation; the app has forgotten this one. In `spacebridge chat`: /new",
    "TimedOut": "Give it more time with --timeout SECONDS if the Space is only slow.",
}


def exit_code(error: BaseException) -> int:
    """The exit code of an error."""
    for kind in type(error).__mro__:
        if kind.__name__ in EXIT_CODES:
            return EXIT_CODES[kind.__name__]
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return BROKEN_PIPE if isinstance(error, BrokenPipeError) else ERROR


def hint_for(error: SpacebridgeError) -> str:
    """What to do next, in words of the shell."""
    if error.hint != error.default_hint:
        return error.hint
    for kind in type(error).__mro__:
        if kind.__name__ in _HINTS:
            return _HINTS[kind.__name__]
    return error.hint

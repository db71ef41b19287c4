"""What the Hub says about a Space, and what that means for whoever wants to chat with it.

Sources: ``SpaceInfo`` and ``SpaceRuntime`` of huggingface_hub; ``check_space_status`` of Gradio's JavaScript client.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from spacebridge import errors
from spacebridge.shape import as_object, as_text, is_object

__all__ = ["SpaceRecord", "parse_record", "with_runtime"]

_ASLEEP = ("SLEEPING", "STOPPED")
_COMING = {"BUILDING": "is being built", "APP_STARTING": "is starting"}
_BROKEN = {
    "BUILD_ERROR": ("could not be built", "build"),
    "CONFIG_ERROR": ("has a wrong configuration", "build"),
    "NO_APP_FILE": ("has no app", "build"),
    "RUNTIME_ERROR": ("failed", "container"),
}
# A docker Space can run anything, Gradio too.
_OTHER_SDKS = ("streamlit", "static")
_SHOWN = 500


class SpaceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the Hub says about a Space."""

    id: str
    """``owner/name``."""
    host: str = ""
    """URL under which it is served."""
    sdk: str = ""
    """``gradio``, ``docker``, ``streamlit`` or ``static``."""
    stage: str = ""
    """``RUNNING``, ``SLEEPING``, …, as the Hub calls it."""
    said: str = ""
    """The Space's own message about what went wrong."""
    hardware: str = ""
    private: bool = False
    disabled: bool = False

    @property
    def page(self) -> str:
        """Where its owner and visitors look at it."""
        return f"https://huggingface.co/spaces/{self.id}"

    @property
    def outlook(self) -> Literal["running", "asleep", "coming", "stuck"]:
        """Whether it can be used now, once it is woken, soon, or not before its owner does something.

        A stage that is not known here is tried. One that runs while its next version is built is used.
        """
        if self.stage in _ASLEEP:
            return "asleep"
        if self.stage in _COMING:
            return "coming"
        if self.disabled or self.stage in _BROKEN or self.stage in ("PAUSED", "DELETING"):
            return "stuck"
        return "running"

    def describe(self) -> str:
        """What one waits for, as a sentence."""
        what = "is asleep and is being woken" if self.outlook == "asleep" else _COMING.get(self.stage, "runs")
        return f"The Space {self.id} {what}."

    def trouble(self) -> errors.SpacebridgeError | None:
        """Why it can't be used, if that will not change by itself."""
        said = f": {self.said.rstrip('.')}." if self.said else "."
        if self.disabled:
            return errors.AccessDenied(
                f"The Space {self.id} was disabled by Hugging Face{said}", hint=f"{self.page} says more."
            )
        if self.stage == "PAUSED":
            return errors.SpacePaused(
                f"The Space {self.id} was paused by its owner{said}",
                hint=f"Only its owner can start it again: ask at {self.page}/discussions, or duplicate it.",
            )
        if self.stage == "DELETING":
            return errors.SpaceNotFound(f"The Space {self.id} is being deleted{said}", hint="Ask another Space.")
        if self.stage in _BROKEN:
            what, log = _BROKEN[self.stage]
            return errors.SpaceBuildFailed(
                f"The Space {self.id} {what} ({self.stage}){said}",
                hint=f"Only its owner can mend it. Its log: {self.page}?logs={log}",
            )
        if self.sdk in _OTHER_SDKS:
            return self.not_gradio()
        return None

    def not_gradio(self) -> errors.NotGradio:
        """The error where it is no Gradio app."""
        return errors.NotGradio(
            f"The Space {self.id} is no Gradio app: its SDK is {self.sdk}.",
            hint="Only Gradio apps can be asked; look for another Space of the same model.",
        )


def parse_record(raw: object) -> SpaceRecord:
    """Read the body of ``GET /api/spaces/{id}``.

    Raises:
        ProtocolError: it is no such thing.
    """
    fields = as_object(raw)
    name = as_text(fields.get("id"))
    if not name:
        raise errors.ProtocolError("Hugging Face's reply names no Space.")
    return SpaceRecord(
        id=name,
        host=as_text(fields.get("host")).rstrip("/"),
        sdk=as_text(fields.get("sdk")),
        private=fields.get("private") is True,
        disabled=fields.get("disabled") is True,
        **_runtime(fields.get("runtime")),
    )


def with_runtime(record: SpaceRecord, raw: object) -> SpaceRecord:
    """The record with what ``GET /api/spaces/{id}/runtime`` says now."""
    return msgspec.structs.replace(record, **_runtime(raw)) if is_object(raw) else record


def _runtime(raw: object) -> dict[str, Any]:
    fields = as_object(raw)
    hardware = as_object(fields.get("hardware"))
    said = " ".join(as_text(fields.get("errorMessage")).split())
    return {
        "stage": as_text(fields.get("stage")),
        "said": said if len(said) <= _SHOWN else f"{said[:_SHOWN]}…",
        "hardware": as_text(hardware.get("current")) or as_text(hardware.get("requested")),
    }

"""How far an app says it has come (``gr.Progress``)."""

from __future__ import annotations

from spacebridge.shape import as_list, as_object, is_object

__all__ = ["progress_of"]


def progress_of(data: object) -> tuple[str, str] | None:
    """How far, and with what, as texts; None where nothing is said.

    Args:
        data: ``progress_data`` of a message: units, the innermost of which counts.
    """
    for unit in as_list(data)[-1:]:
        if is_object(unit):
            fields = as_object(unit)
            index, length = fields.get("index"), fields.get("length")
            done = f"{index}/{length} {fields.get('unit') or ''}".strip() if length else ""
            share = fields.get("progress")
            if not done and isinstance(share, int | float):
                done = f"{share:.0%}"
            return done, str(fields.get("desc") or "")
    return None

from __future__ import annotations

import msgspec
import pytest

from spacebridge.options import Limits, Timeouts


@pytest.mark.parametrize("kind", [Timeouts, Limits])
def test_each_can_be_switched_off(kind: type[Timeouts | Limits]):
    names = [field.name for field in msgspec.structs.fields(kind)]
    off = kind(**dict.fromkeys(names))
    assert all(getattr(off, name) is None for name in names)


def test_defaults():
    assert msgspec.structs.asdict(Timeouts()) == {
        "connect": 20.0,
        "wake": 600.0,
        "queue": 900.0,
        "first_text": 300.0,
        "idle": 60.0,
        "total": 3600.0,
        "cancel": 5.0,
    }
    assert (Timeouts().idle or 0) > 2 * 15  # heartbeats come every 15 s
    assert Limits().turns == 4
    assert (Limits().frame or 0) > 16 * 1024 * 1024


def test_they_can_not_be_changed():
    with pytest.raises(AttributeError):
        Timeouts().idle = 1.0  # type: ignore[misc]

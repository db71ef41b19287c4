"""Small pages, made by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spacebridge.gradio.config import Component, Config, Dependency, Target

FOUR, FIVE, SIX = (4, 44, 1), (5, 23, 1), (6, 31, 0)


def component(number: int, kind: str = "textbox", **props: Any) -> Component:
    return Component(number, kind, props)


def listener(
    number: int,
    *targets: tuple[int, str],
    after: int | None = None,
    reads: Iterable[int] = (),
    writes: Iterable[int] = (),
    **more: Any,
) -> Dependency:
    """A dependency, fired by events of components or following another one."""
    return Dependency(
        id=number,
        targets=tuple(Target(*target) for target in targets) or (Target(None, "then"),),
        inputs=tuple(reads),
        outputs=tuple(writes),
        trigger_after=after,
        **more,
    )


def page_config(
    components: Iterable[Component], dependencies: Iterable[Dependency], version: tuple[int, ...] = SIX, **more: Any
) -> Config:
    return Config(
        version=version,
        version_text=".".join(map(str, version)),
        protocol="sse_v3",
        api_prefix="/gradio_api",
        mode="blocks",
        root="",
        title="A page",
        space_id=None,
        app_id="1",
        show_error=False,
        max_file_size=None,
        components={c.id: c for c in components},
        dependencies={d.id: d for d in dependencies},
        **more,
    )

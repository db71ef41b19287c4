"""What a request of any API asks of a Space."""

from __future__ import annotations

from typing import Any

import msgspec

from spacebridge.gateway.shapes.body import Extension
from spacebridge.gateway.shapes.structured import Format
from spacebridge.gateway.shapes.tools import ToolUse
from spacebridge.gateway.shapes.transcript import Transcript
from spacebridge.gateway.shapes.usage import weigh

__all__ = ["Request"]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. The package's docstring tells how to go about it."""

    model: str
    system: str = ""
    """The system messages before all others, and what the model is told of tools."""
    standing: str = ""
    """Those of the system messages that hold for what follows this request, too."""
    transcripts: tuple[Transcript, ...]
    """What was said, for each prompt; the last thing of each is new."""
    stream: bool = False
    n: int = 1
    """Answers to each prompt."""
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    parameters: dict[str, Any] = {}
    """Sampling parameters by OpenAI's names, ``max_tokens`` among them, for settings of these names."""
    extension: Extension = msgspec.field(default_factory=Extension)
    tools: ToolUse = msgspec.field(default_factory=ToolUse)
    format: Format | None = None
    include_usage: bool = False
    """Whether the stream of a chat or a completion ends with its usage."""
    user: str | None = None
    """The client's own name for who asks."""
    ignored: tuple[str, ...] = ()
    """Parameters that nothing acts upon."""
    body: dict[str, Any] = {}
    """The request as it came; parts of it are told again in the reply."""

    @property
    def choices(self) -> int:
        """How many answers are wanted in all."""
        return len(self.transcripts) * self.n

    @property
    def settings(self) -> dict[str, Any]:
        """The app's own settings that are to be set, by name or label."""
        return self.extension.settings

    @property
    def closing(self) -> str:
        """What is said behind the last message, this time only; often nothing."""
        asked = [self.tools.closing()]
        if self.format is not None and not self.tools.demanded:
            asked += ["If you call no function:" if self.tools.offered else "", self.format.closing()]
        return "\n\n".join(filter(None, asked))

    @property
    def held(self) -> bool:
        """Whether the text is given only once it is whole."""
        return not self.stream or self.format is not None or self.tools.demanded

    def transcript(self, choice: int) -> Transcript:
        """What was said, as the answer with this number has to answer it."""
        return self.transcripts[choice // self.n]

    def weight(self) -> int:
        """The weight of the prompts, in hundredths of a token. Files are not counted."""
        said = sum(weigh(one.text) for transcript in self.transcripts for one in transcript)
        return said + len(self.transcripts) * (weigh(self.system) + weigh(self.closing))

"""Conversations behind an API that has none: a request is known again by all that was said before it.

After a turn its session is kept under a digest of the transcript: who asks, the model, and every message, with white
space normalised, as the client sent and was sent them. A request whose messages before the last are that transcript
takes the session *out*: so no two ever have the same one, and one that went on is not found by its old transcript.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from spacebridge import errors
from spacebridge.chat.resume import JsonConversation
from spacebridge.log import logger
from spacebridge.shape import NOT_JSON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacebridge import UploadFile
    from spacebridge.chat.conversation import Conversation
    from spacebridge.gateway.shapes.files import File
    from spacebridge.gateway.shapes.transcript import Said
    from spacebridge.spaces.space import Space
    from spacebridge.store.base import Store

__all__ = ["Kept", "Opened", "Sessions", "Way", "begin", "digest_of", "resume"]

Way = Literal["new", "continued", "injected", "flattened"]
"""How the app knows what was said before: ``new``, there is nothing to know; ``continued``, it is the same session;
``injected``, it was put where the app keeps it; ``flattened``, it was said again in one message."""


class Opened(NamedTuple):
    """A conversation that can be gone on with."""

    conversation: Conversation
    way: Way
    settings: tuple[str, ...] = ()
    """Settings that earlier turns have changed."""


class Kept(msgspec.Struct, frozen=True):
    """A conversation as it is kept."""

    identifier: str
    address: str
    dump: dict[str, Any]
    settings: tuple[str, ...] = ()
    """Settings that its turns have changed."""


def digest_of(scope: str, model: str, system: str, said: Sequence[Said]) -> str:
    """What a conversation is known by."""
    digest = hashlib.sha256()
    for part in (scope, model, _normal(system)):
        _add(digest, part.encode("utf-8", "surrogatepass"))
    for one in said:
        _add(digest, one.role.encode())
        _add(digest, _normal(one.text).encode("utf-8", "surrogatepass"))
        for file in one.files:
            _add(digest, b"file")
            _add(digest, _content(file))
    return digest.hexdigest()


def _add(digest: Any, part: bytes) -> None:
    digest.update(b"%d:" % len(part))
    digest.update(part)


def _normal(text: str) -> str:
    """White space as one blank: clients trim it, and some change line ends."""
    return " ".join(text.split())


def _content(file: File) -> bytes:
    return hashlib.sha256(file.data).digest() if file.data is not None else (file.url or "").encode()


class Sessions:
    """Keeps conversations between requests.

    Args:
        store: keeps them as data.
        expire: seconds for which one is kept.
        live: how many are also kept as they are.
    """

    def __init__(self, store: Store, *, expire: float, live: int) -> None:
        self.store = store
        self.expire = expire
        self.live_limit = live
        self._live: OrderedDict[str, tuple[Space, Conversation]] = OrderedDict()

    def live(self) -> Counter[str]:
        """How many are kept as they are, by the address of their Space."""
        return Counter(space.address for space, _ in self._live.values())

    async def take(self, digest: str) -> Kept | None:
        """The conversation with this transcript, if there is one. It is no longer kept."""
        try:
            data = await self.store.take(digest)
        except errors.StoreFailed:
            return None
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=Kept)
        except (*NOT_JSON, msgspec.ValidationError):
            logger.warning("A conversation that was kept can't be read.")
            return None

    async def keep(self, digest: str, conversation: Conversation, space: Space, settings: tuple[str, ...]) -> None:
        """Keep a conversation after a turn."""
        kept = Kept(conversation.session_hash, space.address, conversation.dump().get_dict(), settings)
        try:
            await self.store.add(digest, msgspec.json.encode(kept), seconds=self.expire)
        except errors.StoreFailed:
            await conversation.aclose()
            return
        self._live[kept.identifier] = (space, conversation)
        while len(self._live) > self.live_limit:
            _, (_, oldest) = self._live.popitem(last=False)
            await oldest.aclose()

    async def live_one(self, kept: Kept, space: Space) -> Conversation | None:
        """The conversation as it is, if it is still here, and on this connection."""
        connected, conversation = self._live.pop(kept.identifier, (None, None))
        if conversation is not None and connected is not space:
            await conversation.aclose()
            return None
        return conversation

    async def put_back(self, digest: str, kept: Kept) -> None:
        """Keep a conversation that was taken, but in which nothing was said."""
        with contextlib.suppress(errors.StoreFailed):
            await self.store.add(digest, msgspec.json.encode(kept), seconds=self.expire)

    async def forget(self, kept: Kept) -> None:
        """It won't be gone on with."""
        _, conversation = self._live.pop(kept.identifier, (None, None))
        if conversation is not None:
            await conversation.aclose()

    async def aclose(self) -> None:
        """Let go of all that is here; what the store keeps stays."""
        while self._live:
            _, (_, conversation) = self._live.popitem()
            await conversation.aclose()


def resume(space: Space, kept: Kept, live: Conversation | None) -> Opened | None:
    """Go on with a conversation; None if the app has forgotten it."""
    if live is not None and live.state == "clean":
        return Opened(live, "continued", settings=kept.settings)
    try:
        conversation = space.conversation(JsonConversation.from_dict(kept.dump))
    except (errors.SessionLost, errors.InvalidConversation):
        return None
    return Opened(conversation, "continued", settings=kept.settings)


def begin(space: Space, past: Sequence[tuple[Said, list[UploadFile]]]) -> Opened:
    """A conversation that begins with what was said before, of which the app is told as truly as can be.

    Args:
        space: where it is held.
        past: what was said before, each thing with its files.

    Raises:
        FileRefused: there are files, and the app takes none.
    """
    if not past:
        return Opened(space.conversation(), "new")
    told = [{"role": one.role, "content": one.text, "files": files} for one, files in past]
    conversation = space.conversation(history=told)
    return Opened(conversation, "flattened" if conversation.history_mode == "prompt" else "injected")

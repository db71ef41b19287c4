"""One Gradio app: reached by ``GET /config``, logged in to if it must be, and the place sessions come from."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import aiohttp

from spacebridge import errors
from spacebridge.gradio.config import Config, parse_config
from spacebridge.gradio.request import decode_json
from spacebridge.gradio.session import Session
from spacebridge.gradio.trace import redact_url
from spacebridge.gradio.upload import UploadFile, upload
from spacebridge.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from spacebridge.gradio.http import HttpClient
    from spacebridge.gradio.upload import Progress

__all__ = ["App"]

# So many configurations of at most so many bytes are remembered.
_REMEMBERED = 8
_SMALL = 1 << 18


class App:
    """A Gradio app that answered.

    Args:
        http: its host; closed by whoever made it.
        config: what it tells about itself.
    """

    def __init__(self, http: HttpClient, config: Config) -> None:
        self.http = http
        self.config = config

    @classmethod
    async def connect(cls, http: HttpClient, *, auth: tuple[str, str] | None = None) -> App:
        """Read the app's configuration, logging in first if ``auth`` is given.

        Raises:
            NotGradio: something else answers there.
            LoginRequired: a login is wanted, or was refused.
            ServerRefused, ConnectionLost, TimedOut: the app was not reached.
        """
        if auth is not None:
            await cls._login(http, auth)
        app = cls(http, await cls._read_config(http))
        await app._follow_root()
        return app

    def session(
        self,
        session_hash: str,
        *,
        query: str = "",
        on_broken: Callable[[bytes], None] | None = None,
    ) -> Session:
        """A session of the app; see :class:`Session`."""
        return Session(self.http, self.config, session_hash, query=query, on_broken=on_broken)

    async def is_same(self) -> bool:
        """Whether the process that answers is still the one whose configuration was read; False if it does not say.

        Raises:
            ConnectionLost, TimedOut, RateLimited: the app was not reached.
        """
        if not self.config.app_id:
            return True
        try:
            told = decode_json(await self.http.get(f"{self.config.api_prefix}/app_id"))
        except errors.RateLimited:
            raise
        except (errors.ServerRefused, errors.ProtocolError):
            return False
        return str(as_object(told).get("app_id")) == self.config.app_id

    async def info(self) -> dict[str, Any]:
        """What the app tells of its endpoints (``GET /info``); nothing where it does not.

        It is large: ask only for what the configuration does not say.
        """
        try:
            return as_object(decode_json(await self.http.get(f"{self.config.api_prefix}/info")))
        except (errors.ServerRefused, errors.ProtocolError):
            return {}

    async def upload(self, files: list[UploadFile], progress: Progress | None = None) -> list[dict[str, Any]]:
        """Send files; see :func:`upload`."""
        return await upload(self.http, self.config, files, progress)

    def file_url(self, path: str, url: str) -> str:
        """Where a file can be fetched of which the app tells a path on the server, an address, or both.

        The host in an app's addresses is what it believes; behind a proxy that is often wrong. So the path counts.
        """
        api = f"{self.http.base}{self.config.api_prefix}"
        if "/proxy=" in url:  # of another Space that this app stands in front of
            return f"{api}/proxy={url.partition('/proxy=')[2]}"
        if path.startswith(("http://", "https://")):
            return path
        if path:
            return f"{api}/file={quote(path)}"
        name, _, rest = url.partition("file=")
        if name in ("", "/", "/gradio_api/", "gradio_api/"):  # in a text
            return f"{api}/file={quote(rest, safe='/%:?=&')}"
        return url

    @staticmethod
    async def _login(http: HttpClient, auth: tuple[str, str]) -> None:
        def form() -> aiohttp.FormData:
            return aiohttp.FormData({"username": auth[0], "password": auth[1]})

        try:
            await http.send("/login", form, seconds=http.timeouts.connect)
        except (errors.SpaceNotFound, errors.RedirectRefused) as error:
            # An app that needs no login sends to its page.
            if isinstance(error, errors.RedirectRefused) and not _leads_to_page(http.base, error.location):
                raise
            raise errors.LoginRequired(
                f"{redact_url(http.base)} has no login of its own.", status=error.status, hint="Leave auth out."
            ) from None

    @staticmethod
    async def _read_config(http: HttpClient) -> Config:
        try:
            reply = await http.get("/config")
        except errors.SpaceNotFound as missing:
            # Releases before 3 have no /config; their page holds it.
            try:
                page = await http.get("/")
            except errors.SpacebridgeError:
                raise missing from None
            return _parse(page.body, where=redact_url(http.base))
        path = urlsplit(reply.url).path
        if path.endswith("/config"):
            http.base = reply.url.split("?")[0].removesuffix("/config")
        return _parse(reply.body, where=redact_url(http.base))

    async def _follow_root(self) -> None:
        """Use the path of the app that its configuration names, where that answers.

        The host it names is not used: behind a proxy it is often wrong.
        """
        try:
            root, base = urlsplit(self.config.root), urlsplit(self.http.base)
        except ValueError:
            return
        path = root.path.rstrip("/")
        elsewhere = bool(root.netloc) and root.hostname != base.hostname
        if not root.path.startswith("/") or path == base.path.rstrip("/") or elsewhere:
            return
        own = self.http.base
        self.http.base = f"{base.scheme}://{base.netloc}{path}"
        try:
            other = await self._read_config(self.http)
        except errors.SpacebridgeError:
            self.http.base = own
            return
        if other.app_id != self.config.app_id:
            self.http.base = own


def _parse(body: bytes, *, where: str) -> Config:
    """A configuration; one that was read before is the same object, so that what was found in it is known, too.

    A client that opens the app anew for each answer would else spend as much on this as on the answer.
    """
    return (_parse_once if len(body) <= _SMALL else parse_config)(body, where=where)


_parse_once = functools.lru_cache(maxsize=_REMEMBERED)(parse_config)


def _leads_to_page(base: str, location: str) -> bool:
    """Whether a redirect after a login leads elsewhere in the same app."""
    try:
        here, there = urlsplit(base), urlsplit(location)
        same = (there.hostname, there.port) == (here.hostname, here.port)
    except ValueError:  # it is no address
        return False
    return same and not there.path.endswith("/login")

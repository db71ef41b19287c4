"""Hugging Face, as far as a client of Spaces meets it: the Hub's API, and the proxy in front of the Spaces.

The Hub knows Spaces and who may see them. The proxy passes requests on to real apps, wakes those that sleep, and keeps a
visitor at the same replica by a cookie. Routes and replies follow huggingface_hub (``hf_api.py``, ``utils/_http.py``) and
Gradio's clients; what the proxy says of a Space that does not run is no part of an interface, and only known to be HTML.
"""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.doubles.http import Exchange, HttpDouble, Request

READ = "hf_AbcdefghijklmnopqrstuvwxyzABCDEFGH"
"""A token that the Hub knows."""
OTHER = "hf_OtherOtherOtherOtherOtherOtherOther"
"""The valid token of somebody who may see public Spaces only."""

_HOP = {"connection", "content-length", "host", "keep-alive", "transfer-encoding", "accept-encoding"}


@dataclass
class Hosted:
    """One Space."""

    id: str
    apps: Sequence[str] = ()
    """URLs of the real apps behind it, one for each replica."""
    host: str = ""
    sdk: str = "gradio"
    stages: list[str] = field(default_factory=lambda: ["RUNNING"])
    """Its stage, and those that follow one by one, each time the Hub is asked about its runtime."""
    error: str = ""
    private: bool = False
    gated: bool = False
    disabled: bool = False
    visits: int = 0
    """Requests that came while it did not run."""

    @property
    def stage(self) -> str:
        return self.stages[0]

    @property
    def subdomain(self) -> str:
        return self.host.partition("://")[2].partition(".hf.space")[0]

    def runs(self) -> bool:
        return self.stage.startswith("RUNNING")

    def move_on(self) -> None:
        """A Space that sleeps moves on only once it was visited."""
        if len(self.stages) > 1 and (self.visits or self.stage not in ("SLEEPING", "STOPPED")):
            self.stages.pop(0)

    def runtime(self) -> dict[str, Any]:
        told = {
            "stage": self.stage,
            "hardware": {"current": "zero-a10g", "requested": "zero-a10g"},
            "gcTimeout": 172800,
        }
        return told | ({"errorMessage": self.error} if self.error else {})

    def info(self) -> dict[str, Any]:
        return {
            "_id": "64f0", "id": self.id, "author": self.id.partition("/")[0], "sha": "0" * 40, "private": self.private,
            "gated": False, "disabled": self.disabled, "host": self.host, "subdomain": self.subdomain, "sdk": self.sdk,
            "likes": 7, "tags": [self.sdk], "cardData": {"title": "A Space"}, "siblings": [], "runtime": self.runtime(),
        }  # fmt: skip


def bearer(request: Request, header: str = "authorization") -> str:
    return request.headers.get(header, "").removeprefix("Bearer ")


class HubDouble(HttpDouble):
    """``https://huggingface.co``, a few routes of it."""

    def __init__(self, *spaces: Hosted, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self.spaces = {space.id: space for space in spaces}
        self.renamed: dict[str, str] = {}
        self.without_host = False
        """The information of a Space does not say where it is served."""
        self.refusals: list[tuple[int, Mapping[str, str]]] = []
        """Statuses and headers with which the next requests are refused."""

    async def handle(self, exchange: Exchange) -> None:
        request = exchange.request
        if self.refusals:
            status, headers = self.refusals.pop(0)
            await exchange.reply(status, {"error": "We had to rate limit you."}, headers)
        elif request.method != "GET" or not request.path.startswith("/api/spaces/"):
            await exchange.reply(404, "<!DOCTYPE html><title>404 – Hugging Face</title>")
        else:
            await self._space(exchange, request.path.removeprefix("/api/spaces/"))

    async def _space(self, exchange: Exchange, route: str) -> None:
        token = bearer(exchange.request)
        if token and token not in (READ, OTHER):
            said = "Invalid credentials in Authorization header"
            await exchange.reply(401, {"error": said}, {"x-error-message": said})
            return
        space, rest = self._find(route)
        if space is None and "/".join(route.split("/")[:2]) in self.renamed:
            old = "/".join(route.split("/")[:2])
            await exchange.reply(307, "", {"location": f"/api/spaces/{route.replace(old, self.renamed[old], 1)}"})
        elif space is None or (space.private and token != READ):
            # Who is not known is not told whether there is such a Space.
            status, said = (404, "Repository not found") if token else (401, "Invalid username or password.")
            await exchange.reply(status, {"error": said}, {"x-error-code": "RepoNotFound", "x-error-message": said})
        elif space.gated and token != READ:
            said = f"Access to space {space.id} is restricted and you are not in the authorized list."
            await exchange.reply(403, {"error": said}, {"x-error-code": "GatedRepo", "x-error-message": said})
        else:
            await self._tell(exchange, space, rest)

    async def _tell(self, exchange: Exchange, space: Hosted, rest: str) -> None:
        if rest == "":
            told = space.info()
            await exchange.reply(200, {k: v for k, v in told.items() if k != "host"} if self.without_host else told)
        elif rest == "runtime":
            space.move_on()
            await exchange.reply(200, space.runtime())
        elif rest == "host":
            await exchange.reply(200, {"subdomain": space.subdomain, "host": space.host})
        else:
            await exchange.reply(404, {"error": "Sorry, we can't find the page you are looking for."})

    def _find(self, route: str) -> tuple[Hosted | None, str]:
        first, _, rest = route.partition("/")
        if first == "by-subdomain":
            return next((space for space in self.spaces.values() if space.subdomain == rest), None), ""
        second, _, rest = rest.partition("/")
        return self.spaces.get(f"{first}/{second}"), rest


class EdgeDouble(HttpDouble):
    """``https://*.hf.space``: what stands in front of the apps of Spaces. A Space is told by the name of the host."""

    def __init__(self, *spaces: Hosted, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self.spaces = list(spaces)
        self.refusals: list[tuple[int, str]] = []
        """Statuses and pages that come next although the Space runs."""
        self._turns = itertools.count()
        self._client: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        await super().start()
        self._client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False)

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()
        await super().aclose()

    async def handle(self, exchange: Exchange) -> None:
        request = exchange.request
        host = request.headers.get("host", "")
        space = next((space for space in self.spaces if space.host.partition("://")[2] == host), None)
        shown = bearer(request, "x-hf-authorization") or bearer(request)
        if space is None or (space.private and shown != READ):
            await exchange.reply(404, "<!DOCTYPE html><title>404</title>Sorry, we can't find this page.")
        elif not space.runs():
            space.visits += 1
            await exchange.reply(503, f"<!DOCTYPE html><title>{space.stage}</title>")
        elif self.refusals:
            await exchange.reply(*self.refusals.pop(0))
        else:
            await self._pass_on(exchange, space)

    async def _pass_on(self, exchange: Exchange, space: Hosted) -> None:
        assert self._client is not None
        request = exchange.request
        kept = [cookie for cookie in request.headers.get("cookie", "").split("; ") if cookie.startswith("replica=")]
        replica = int(kept[0].partition("=")[2]) if kept else next(self._turns) % len(space.apps)
        headers = {name: value for name, value in request.headers.items() if name not in _HOP}
        async with self._client.request(
            request.method,
            space.apps[replica] + request.target,
            headers=headers,
            data=request.body or None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as response:
            told = {name.lower(): value for name, value in response.headers.items() if name.lower() not in _HOP}
            if not kept:
                told["set-cookie"] = f"replica={replica}; Path=/; Secure; HttpOnly; SameSite=None"
            await exchange.head(response.status, told)
            async for piece in response.content.iter_any():
                await exchange.send(piece)
            await exchange.end()

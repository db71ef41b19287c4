"""HTTP with one app: requests, replies, cookies, and what can go wrong with them."""

from __future__ import annotations

import asyncio
import io
import ipaddress
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec
from yarl import URL

from spacebridge import errors
from spacebridge.gradio.exceptions import cut, is_of_proxy, proxy_failed, translated
from spacebridge.gradio.failures import error_from_reply
from spacebridge.gradio.proxy import Proxy
from spacebridge.gradio.request import Reply, Request, decode_json
from spacebridge.options import Limits, Timeouts
from spacebridge.shape import as_object
from spacebridge.version import __version__

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiohttp.abc import AbstractResolver

    from spacebridge.gradio.trace import Trace

__all__ = ["HttpClient", "is_loopback"]

USER_AGENT = f"spacebridge/{__version__}"
# uvicorn, on which Gradio runs, closes a connection after 5 idle seconds. A pooled one that is dropped before that is
# never found dead in the middle of a POST, which could not be sent again.
_KEEP_ALIVE = 4.0
_REDIRECTS = 5
_MOVED = (301, 302, 303, 307, 308)
_CLOSING = 1.0
_READ_BUFFER = 2**18
_LARGE_BODY = 2**19
SLOW_LINE = 16 * 1024  # bytes a second; what is sent gets the time that such a line needs for it
_LARGE = 2**30  # a form of unknown size
_LONG_SECRET = 8
_JSON = {"Content-Type": "application/json"}
_EVENTS = {"Accept": "text/event-stream"}

_T = TypeVar("_T")


class HttpClient:
    """Requests to one app's host, and to no other.

    Args:
        base: the app's address, without a trailing slash.
        headers: sent with every request.
        secrets: texts that must not appear in a trace or, where they are long enough to be told from other text, in an
            error.
        proxy: ``http://``, ``https://``, ``socks4://``, ``socks5://`` or ``socks5h://`` URL; names are then resolved
            by the proxy. Without it the environment's proxies are used, except for loopback addresses.
        cookies: name and value of cookies of an earlier session with the same host.
        resolver: finds the addresses of names, instead of the system's.
    """

    def __init__(
        self,
        base: str,
        *,
        headers: Mapping[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        proxy: str | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        trace: Trace | None = None,
        cookies: Mapping[str, str] | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self.timeouts = timeouts or Timeouts()
        self.limits = limits or Limits()
        self.trace = trace
        self._headers = {"User-Agent": USER_AGENT, "Accept": "*/*", **(headers or {})}
        self._hostname = urlsplit(base).hostname
        self.proxy = proxy
        self._proxy = Proxy(proxy) if proxy else None
        self._resolver = resolver
        self._secrets: tuple[bytes, ...] = ()
        self.hide(*secrets)
        self._cookies = dict(cookies or {})
        connect = self.timeouts.connect
        # How long a reply takes is watched over here: aiohttp's own limits would cost a timer for each piece of it.
        self._timeout = aiohttp.ClientTimeout(connect=connect, sock_connect=connect)
        self._session: aiohttp.ClientSession | None = None
        self._upgrades: aiohttp.ClientSession | None = None
        """Opens websockets, with the cookies of the other."""
        self._upgrades_by: Proxy | None = None
        """The proxy to tell aiohttp of when one is opened."""
        self._closed = False

    @property
    def host(self) -> str:
        """The host of the app as a user would name it."""
        return urlsplit(self.base).netloc.rpartition("@")[2]

    def cookies(self) -> dict[str, str]:
        """Cookies that the app has set, and those given."""
        jar = dict(self._cookies)
        if self._session is not None:
            jar |= {
                name: morsel.value for name, morsel in self._session.cookie_jar.filter_cookies(URL(self.base)).items()
            }
        return jar

    def use_cookies(self, cookies: Mapping[str, str]) -> None:
        """Send cookies of an earlier session with the same host."""
        self._cookies |= cookies
        if self._session is not None and cookies:
            self._session.cookie_jar.update_cookies(cookies, URL(self.base))

    def hide(self, *secrets: str) -> None:
        """Keep more texts out of traces and, where they are long enough to be told from other text, out of errors."""
        if self.trace is not None:
            self.trace.hide(*secrets)
        self._secrets += tuple(secret.encode() for secret in secrets if len(secret) >= _LONG_SECRET)

    async def aclose(self) -> None:
        """Close all connections, for good."""
        self._closed = True
        sessions = (self._upgrades, self._session)
        self._upgrades = self._session = None
        for session in sessions:
            if session is not None:
                await session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def get(self, path: str) -> Reply:
        """GET a path under the base; redirects within the host are followed.

        Raises:
            ServerRefused, ConnectionLost, TimedOut, FrameTooLarge: see :mod:`spacebridge.errors`.
        """
        return await self._exchange(Request(method="GET", url=self.base + path, seconds=self.timeouts.connect))

    async def post(
        self,
        path: str,
        payload: object,
        *,
        limit: str = "connect",
        seconds: float | None = None,
        accept_500: bool = False,
    ) -> Any:
        """POST JSON; return the decoded JSON of the reply.

        Args:
            path: under the base.
            payload: what is sent as JSON.
            limit: name of the time limit that ``seconds`` is, for the error.
            seconds: longest wait for the reply; default is the limit ``connect``.
            accept_500: return the JSON of a reply with status 500 that has an ``error``, too: so Gradio answers where a
                function raised.

        Raises:
            NotJSON: the reply is not JSON.
            ServerRefused, ConnectionLost, TimedOut, FrameTooLarge: see :mod:`spacebridge.errors`.
        """
        request = Request(
            method="POST",
            url=self.base + path,
            body=msgspec.json.encode(payload),
            headers=_JSON,
            limit=limit,
            seconds=self.timeouts.connect if limit == "connect" else seconds,
            accept_500=accept_500,
        )
        reply = await self._exchange(request)
        try:
            decoded = decode_json(reply)
        except errors.NotJSON:
            if reply.status != 500:
                raise
            decoded = None
        if reply.status == 500 and "error" not in as_object(decoded):  # not the app's function, then
            raise error_from_reply(500, reply.headers, reply.body, asked=request.asked)
        return decoded

    async def send(self, path: str, data: Callable[[], aiohttp.FormData], *, seconds: float | None) -> Reply:
        """POST a form; ``seconds`` bounds the wait for the reply once it is sent."""
        return await self._exchange(Request(method="POST", url=self.base + path, body=data, seconds=seconds))

    async def open(self, url: str, headers: Mapping[str, str] | None = None) -> aiohttp.ClientResponse:
        """GET an address of the host, whatever the status; no redirect is followed. The caller closes the response.

        Raises:
            ConnectionLost, TimedOut: see :mod:`spacebridge.errors`.
        """
        # What comes is to be the file's bytes, as many as the header says.
        asked = {"Accept-Encoding": "identity", **(headers or {})}
        return await self._request(Request(method="GET", url=url, headers=asked, seconds=self.timeouts.connect))

    async def open_stream(self, path: str) -> aiohttp.ClientResponse:
        """GET an event stream; the caller closes the response, and watches over its silence.

        Raises:
            ServerRefused, ConnectionLost, TimedOut: see :mod:`spacebridge.errors`.
            ProtocolError: the reply is no event stream.
        """
        request = Request(method="GET", url=self.base + path, headers=_EVENTS, limit="idle", seconds=self.timeouts.idle)
        response = await self._follow(request)
        try:
            if response.status != 200:
                await self._refuse(response, request)
            if self.trace is not None:
                self.trace.reply(response.status, response.headers.items(), None)
            if response.content_type != "text/event-stream":
                body = await self._guarded(self._read(response, request), request, "connect", self.timeouts.connect)
                raise errors.NotJSON(
                    f"{request.asked} was answered with {response.content_type}, not with an event stream.",
                    doc=body[:200].decode("utf-8", "replace"),
                )
        except BaseException:
            response.close()
            raise
        return response

    async def open_websocket(self, path: str) -> aiohttp.ClientWebSocketResponse[Literal[False]]:
        """Open a websocket; the caller closes it, and watches over its silence.

        It gives texts as bytes, and pings, which the caller answers.

        Raises:
            ServerRefused, ConnectionLost, TimedOut: see :mod:`spacebridge.errors`.
        """
        request = Request(method="GET", url=self.base + path, seconds=self.timeouts.connect)
        first, limit = request.url, self.limits.frame
        for _ in range(_REDIRECTS):
            self._begin(request)
            opening = self._open_upgrades().ws_connect(
                URL(request.url, encoded=True),
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSING),  # pyright: ignore[reportCallIssue] - attrs makes it
                proxy=None if self._upgrades_by is None else self._upgrades_by.http,
                proxy_headers=None if self._upgrades_by is None else self._upgrades_by.headers,
                max_msg_size=0 if limit is None else limit + 1,  # aiohttp refuses what has just this size
                decode_text=False,
                autoping=False,
            )
            try:
                socket = await self._guarded(opening, request, "connect", request.seconds)
            except _NotUpgradedError as refused:
                try:
                    if refused.response.status not in _MOVED:
                        await self._refuse(refused.response, request)
                    self._moved(refused.response, request)
                finally:
                    refused.response.close()
            else:
                if self.trace is not None:
                    self.trace.reply(101, (), None)
                return socket
        request.url = first
        raise errors.ServerRefused(f"{request.asked} is redirected in a circle.", status=302)

    def lost(self, error: BaseException, asked: str) -> errors.SpacebridgeError:
        """What an exception of aiohttp while reading a stream means."""
        return cut(error, asked, self.timeouts.idle)

    async def _exchange(self, request: Request) -> Reply:
        response = await self._follow(request)
        try:
            if response.status >= 300 and not (request.accept_500 and response.status == 500):
                await self._refuse(response, request)
            reading = self._read(response, request)
            if response.content.is_eof() and response.content.exception() is None:  # all of it is here: no limit to set
                data = await reading
            else:
                data = await self._guarded(reading, request, request.limit, request.seconds)
        except BaseException:
            response.close()
            raise
        if response.status == 500:
            response.close()  # Gradio ends the connection after it, and a pooled one would fail the next request
        else:
            response.release()
        if self.trace is not None:
            self.trace.reply(response.status, response.headers.items(), data)
        return Reply(request, response.status, response.headers, data)

    async def _follow(self, request: Request) -> aiohttp.ClientResponse:
        """Send a request and follow its redirects; the response that is none."""
        first = request.url
        for _ in range(_REDIRECTS):
            response = await self._request(request)
            if response.status not in _MOVED:
                return response
            self._moved(response, request)
        request.url = first
        raise errors.ServerRefused(f"{request.asked} is redirected in a circle.", status=302)

    def _moved(self, response: aiohttp.ClientResponse, request: Request) -> None:
        location = response.headers.get("Location", "").encode("utf-8", "surrogateescape")
        response.release()
        if self.trace is not None:
            self.trace.reply(response.status, response.headers.items(), b"")
        request.follow(response.status, self._hidden(location).decode("utf-8", "replace"))

    def _begin(self, request: Request) -> None:
        """Check that a request may be sent, and record it."""
        # Whoever built this address: the headers are for one host only.
        if urlsplit(request.url).hostname != self._hostname:
            raise errors.ProtocolError(f"{request.asked} would leave the host {self._hostname}; it was not sent.")
        if self._closed:
            raise errors.ConnectionLost(
                f"{request.asked} was not sent: the Space has been closed.", hint="Connect it again."
            )
        if self.trace is not None:
            body = request.body if isinstance(request.body, bytes) else None
            self.trace.request(request.method, request.url, body)

    async def _request(self, request: Request) -> aiohttp.ClientResponse:
        self._begin(request)
        body = request.body
        timeout, size = self._timeout, len(body) if isinstance(body, bytes) else 0
        if callable(body):  # nobody knows how long it is: then the silence after it is what is limited
            connect = self.timeouts.connect
            timeout = aiohttp.ClientTimeout(connect=connect, sock_connect=connect, sock_read=request.seconds)
            size = _LARGE
        session = self._session or self._open()
        sending = session.request(
            request.method,
            URL(request.url, encoded=True),
            data=_payload(body),
            headers=request.headers,
            timeout=timeout,
            allow_redirects=False,
            proxy=None if self._proxy is None else self._proxy.http,
            proxy_headers=None if self._proxy is None else self._proxy.headers,
            read_bufsize=_READ_BUFFER,
        )
        # The limit is for the server; a large body gets the time that a slow line needs for it.
        return await self._guarded(sending, request, request.limit, request.seconds, allowance=size / SLOW_LINE)

    async def _guarded(
        self, awaitable: Awaitable[_T], request: Request, limit: str, seconds: float | None, *, allowance: float = 0.0
    ) -> _T:
        """Await within the limit, and turn the exceptions of aiohttp into ours."""
        try:
            async with asyncio.timeout(None if seconds is None else seconds + allowance):
                return await awaitable
        except errors.SpacebridgeError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Exceptions of this kind carry the request, headers and all.
            cause = None if isinstance(error, aiohttp.ClientResponseError) else error
            raise translated(
                error,
                request.asked,
                host=self.host,
                proxy=self._proxy,
                timeouts=self.timeouts,
                limit=limit,
                seconds=seconds,
            ) from cause
        except Exception as error:
            if is_of_proxy(error):
                raise proxy_failed(error, request.asked, self._proxy) from error
            raise

    async def _refuse(self, response: aiohttp.ClientResponse, request: Request) -> None:
        """Raise what a refusal means. Its connection is not used again: Gradio closes it after a 500."""
        try:
            body = await self._guarded(self._read(response, request), request, "connect", self.timeouts.connect)
        except errors.SpacebridgeError:
            body = b""
        response.close()
        if self.trace is not None:
            self.trace.reply(response.status, response.headers.items(), body)
        asked = request.asked
        if response.status == 407:
            raise proxy_failed(PermissionError("it wants another user and password (407)"), asked, self._proxy)
        raise error_from_reply(response.status, response.headers, body, asked=asked)

    async def _read(self, response: aiohttp.ClientResponse, request: Request) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if self.limits.frame is not None and size > self.limits.frame:
                raise errors.FrameTooLarge(f"{request.asked}: the reply is larger than {self.limits.frame} bytes.")
            chunks.append(chunk)
        return self._hidden(b"".join(chunks))

    def _hidden(self, data: bytes) -> bytes:
        """A reply without what is secret: some servers give back what they were sent, and errors show it."""
        for secret in self._secrets:
            data = data.replace(secret, b"***")
        return data

    def _open(self) -> aiohttp.ClientSession:
        connector = None if self._proxy is None else self._proxy.connector(keep_alive=_KEEP_ALIVE)
        if connector is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE, resolver=self._resolver)
        # unsafe: keep cookies of hosts that are IP addresses, too.
        jar = aiohttp.CookieJar(unsafe=True)
        if self._cookies:
            jar.update_cookies(self._cookies, URL(self.base))
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=jar,
            headers=self._headers,
            trust_env=self._proxy is None and not is_loopback(self.base),
            auto_decompress=True,
        )
        return self._session

    def _open_upgrades(self) -> aiohttp.ClientSession:
        if self._upgrades is None:
            session = self._session or self._open()
            tunnel = None if self._proxy is None else self._proxy.tunnel(self.base)
            self._upgrades_by = self._proxy if tunnel is None else None
            self._upgrades = aiohttp.ClientSession(
                connector=tunnel or session.connector,
                connector_owner=tunnel is not None,
                cookie_jar=session.cookie_jar,
                headers=self._headers,
                trust_env=session.trust_env,
                timeout=self._timeout,
                middlewares=(_upgraded,),
            )
        return self._upgrades


class _NotUpgradedError(Exception):
    """A websocket was asked for, and something else came. The response is open."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        super().__init__(response.status)
        self.response = response


async def _upgraded(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Look at the reply before aiohttp does, which would follow a redirect to anywhere, secrets and all."""
    response = await handler(request)
    if response.status != 101:
        raise _NotUpgradedError(response)
    return response


def _payload(body: bytes | Callable[[], aiohttp.FormData] | None) -> Any:
    """A body as aiohttp wants it: a large one as a file, which is sent in pieces between other work."""
    if callable(body):
        return body()
    return io.BytesIO(body) if body is not None and len(body) > _LARGE_BODY else body


def is_loopback(url: str) -> bool:
    """Whether a URL points at this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # it is a name
        return host == "localhost" or host.endswith(".localhost")

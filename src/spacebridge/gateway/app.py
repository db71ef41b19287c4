"""The gateway as an ASGI application: who may ask what, and where it goes."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route, Router

from spacebridge.gateway import attachments, docs, exchange, frontend, status
from spacebridge.gateway.answering import Answering
from spacebridge.gateway.apis import APIS, RESPONSES, KeptResponses
from spacebridge.gateway.attachments import Attachments, Offered
from spacebridge.gateway.config import is_loopback
from spacebridge.gateway.exchange import ClientGone, Exchange
from spacebridge.gateway.logs import log_request, shortened
from spacebridge.gateway.protocol import CHUNK
from spacebridge.gateway.shapes import item_list, messages, messages_request, responses, sse
from spacebridge.gateway.shapes.problem import Problem, openai_body
from spacebridge.log import logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from spacebridge.gateway.apis import Api
    from spacebridge.gateway.keys import Client
    from spacebridge.gateway.models import Model
    from spacebridge.gateway.state import Gateway

__all__ = ["Application"]

_OPEN = ("/", "/health", "/ready", "/openapi.json", "/docs")
"""For everybody, without a key; and so are the page's files."""
_BODY_SECONDS = 60.0
"""For each part of a body: who sends none would else hold a connection for ever."""


class Application:
    """The ASGI application in front of a gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        routes = [
            Route("/", self._page),
            Mount(frontend.ASSETS, frontend.Assets()),
            Route("/health", self._health),
            Route("/ready", self._ready),
            Route("/metrics", self._metrics),
            Route("/status", self._status),
            Route("/openapi.json", self._openapi),
            Route("/docs", self._docs),
            Route("/v1/models", self._models),
            Route("/v1/models/{name:path}", self._model),
            *(Route(api.path, _Asking(gateway, api), methods=["POST"]) for api in APIS),
            Route("/v1/messages/count_tokens", self._count_tokens, methods=["POST"]),
            Route("/v1/responses/input_tokens", self._input_tokens, methods=["POST"]),
            Route("/v1/responses/{name}", self._response, methods=["GET", "DELETE"]),
            Route("/v1/responses/{name}/input_items", self._input_items, methods=["GET"]),
            Route("/v1/responses/{name}/cancel", self._cancel_response, methods=["POST"]),
            Route(f"{attachments.PATH}/{{identifier}}/{{name:path}}", _Serving(gateway), methods=["GET"]),
        ]
        self._router = Router(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":  # beginning and end are the server's
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        began = time.monotonic()
        request_id = _request_id(scope)
        seen = _Seen(send, request_id)
        told: dict[str, Any] = {}
        scope["app"] = self  # with it, the router raises what it does not find
        scope["state"] = {"told": told}
        gateway = self._gateway
        gateway.metrics.open.inc()
        try:
            with gateway.running(request_id):
                await self._guarded(scope, receive, seen)
        finally:
            gateway.metrics.open.dec()
            seconds = time.monotonic() - began
            route = told.pop("route", "other")
            gateway.metrics.replied(route, seen.status, seconds)
            if gateway.config.server.access_log:
                path = shortened(told.pop("path", scope["path"]))
                log_request(request_id, scope["method"], path, seen.status, seconds, told)

    async def _guarded(self, scope: Scope, receive: Receive, send: _Seen) -> None:
        path = scope["path"].removesuffix("/count_tokens")
        body = next((api.encoder.error_body for api in APIS if api.path == path), openai_body)
        app: ASGIApp = self._let_in
        if origins := self._gateway.config.server.cors_origins:
            app = CORSMiddleware(
                app,
                allow_origins=list(origins),
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["*"],
                expose_headers=["*"],
            )
        try:
            await app(scope, receive, send)
        except (ClientGone, ClientDisconnect):
            send.status = 499  # as nginx calls it; nobody reads it but the log
        except HTTPException as error:
            problem = _routing_problem(error, scope)
            await _send_problem(send, problem, body, dict(error.headers or {}))
        except Exception as error:  # noqa: BLE001 - told to whoever asked, and logged
            problem = exchange.problem_of(error)
            cause = error.__cause__ if isinstance(error, Problem) and error.__cause__ else error
            scope["state"]["told"].setdefault("error", type(cause).__name__)
            if send.status:  # headers have gone, and with them any way to tell but to leave the reply without its end
                logger.warning("A reply broke off: %s", cause)
                return
            await _send_problem(send, problem, body, {})

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See who asks."""
        gateway, request = self._gateway, Request(scope)
        path = scope["path"]
        # Who has the address of an attachment may have it: what shows pictures can't send a key.
        is_open = path in _OPEN or path.startswith((f"{frontend.ASSETS}/", f"{attachments.PATH}/"))
        if gateway.draining and not is_open:
            raise Problem("The server is being stopped.", status=503, code="stopping", retry_after=1)
        open_to_all = is_open or (path == "/metrics" and gateway.config.server.open_metrics)
        if not gateway.keys.needed:
            self._check_origin(request)
        address = scope["client"][0] if scope.get("client") else ""
        client = gateway.keys.client(_key(request), address)
        if client is None and not open_to_all:
            message = "The API key is wrong." if _key(request) else "An API key is needed: Authorization: Bearer KEY."
            raise Problem(message, status=401, code="invalid_api_key")
        scope["state"]["client"] = client
        if client is not None and client.name:
            scope["state"]["told"]["key"] = client.name
        await self._router(scope, receive, send)

    def _check_origin(self, request: Request) -> None:
        """Without keys, web pages of others must not use a visitor's browser to get here.

        A page can send requests to any address, and its owner can give a name of his own this machine's address.
        """
        config = self._gateway.config.server
        named = request.headers.get("host", "")
        host = _host_of(f"//{named}")
        if not (is_loopback(host) or host == config.host or host in _names_of(config.cors_origins)):
            raise Problem(f"This server has no name {named!r}.", status=403, code="wrong_host")
        origin = request.headers.get("origin")
        if origin is None or origin in config.cors_origins or "*" in config.cors_origins:
            return
        if origin.partition("://")[2] != named:
            raise Problem(f"Pages of {origin} may not ask here.", status=403, code="wrong_origin")

    async def _page(self, request: Request) -> Response:
        _route(request, "/")
        return frontend.page()

    async def _health(self, request: Request) -> Response:
        _route(request, "/health")
        return _json({"status": "ok"})

    async def _ready(self, request: Request) -> Response:
        _route(request, "/ready")
        if missing := await self._gateway.missing():
            return _json({"status": "not ready", "missing": missing}, 503)
        return _json({"status": "ready"})

    async def _metrics(self, request: Request) -> Response:
        _route(request, "/metrics")
        return Response(self._gateway.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _status(self, request: Request) -> Response:
        _route(request, "/status")
        gateway = self._gateway
        return _json(status.describe(gateway.models, gateway.metrics.history, request.state.client))

    async def _openapi(self, request: Request) -> Response:
        _route(request, "/openapi.json")
        return _json(docs.openapi())

    async def _docs(self, request: Request) -> Response:
        _route(request, "/docs")
        policy = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return HTMLResponse(docs.page(), headers=policy)

    async def _models(self, request: Request) -> Response:
        _route(request, "/v1/models")
        client: Client = request.state.client
        told = [model.describe() for model in self._gateway.models if model.servable and client.may_use(model.name)]
        return _json({"object": "list", "data": told})

    async def _model(self, request: Request) -> Response:
        _route(request, "/v1/models/{id}")
        return _json(_known_model(self._gateway, request.state.client, request.path_params["name"]).describe())

    async def _count_tokens(self, request: Request) -> Response:
        _route(request, "/v1/messages/count_tokens")
        limit = self._gateway.config.server.max_body
        asked = messages_request.parse_count(await _body(request.scope, request.receive, limit))
        _known_model(self._gateway, request.state.client, asked.model)
        return _json(messages.count(asked))

    async def _input_tokens(self, request: Request) -> Response:
        _route(request, "/v1/responses/input_tokens")
        body = await _body(request.scope, request.receive, self._gateway.config.server.max_body)
        asked = await RESPONSES.read(body, self._kept(request))
        _known_model(self._gateway, request.state.client, asked.model)
        return _json(responses.count(asked))

    async def _response(self, request: Request) -> Response:
        _route(request, "/v1/responses/{id}")
        name, kept = request.path_params["name"], self._kept(request)
        if request.method == "DELETE":
            if await kept.delete(name):
                return _json({"id": name, "object": "response", "deleted": True})
        elif request.query_params.get("stream", "").lower() in ("true", "1"):
            message = "A response that is kept is told at once, not as a stream."
            raise Problem(message, code="unsupported_parameter", param="stream")
        elif (found := await kept.response(name)) is not None:
            return Response(found, media_type="application/json")
        raise _no_response(name)

    async def _input_items(self, request: Request) -> Response:
        _route(request, "/v1/responses/{id}/input_items")
        name = request.path_params["name"]
        items = await self._kept(request).input(name)
        if items is None:
            raise _no_response(name)
        return _json(item_list.page(items, request.query_params))

    async def _cancel_response(self, request: Request) -> Response:
        _route(request, "/v1/responses/{id}/cancel")
        name = request.path_params["name"]
        if await self._kept(request).response(name) is None:
            raise _no_response(name)
        # It is kept once it is whole: who wants it no longer before that closes the connection.
        raise Problem("Only responses that are made in the background can be cancelled.", code="invalid_request")

    def _kept(self, request: Request) -> KeptResponses:
        gateway = self._gateway
        return KeptResponses(gateway.store, request.state.client.scope, gateway.config.store.expire)


class _Asking:
    """The endpoint of an API."""

    def __init__(self, gateway: Gateway, api: Api) -> None:
        self._gateway = gateway
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gateway, api = self._gateway, self._api
        state: dict[str, Any] = scope["state"]
        told: dict[str, Any] = state["told"]
        told["route"] = api.path
        with gateway.telemetry.span(api.path, Request(scope).headers, told):
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        gateway, api = self._gateway, self._api
        state: dict[str, Any] = scope["state"]
        told: dict[str, Any] = state["told"]
        client: Client = state["client"]
        kept = KeptResponses(gateway.store, client.scope, gateway.config.store.expire)
        asked = await api.read(await _body(scope, receive, gateway.config.server.max_body), kept)
        told["model"] = shortened(asked.model)
        model = _known_model(gateway, client, asked.model)
        await gateway.admit(client, -(-asked.weight() // 100))
        answering = Answering(
            asked,
            api.encoder,
            model,
            sessions=gateway.sessions,
            fetcher=gateway.fetcher,
            metrics=gateway.metrics,
            owner=client.scope,
            scope=f"{client.scope}|{asked.user or ''}",
            offered=Offered(
                Attachments(gateway.store, gateway.models), _own_address(scope), seconds=gateway.config.store.expire
            ),
            finished=lambda encoder: api.finished(encoder, kept),
        )
        at_once = scope.get("extensions", {}).get(CHUNK, {}).get("write")
        reply = Exchange(answering, send, at_once, keep_alive=gateway.config.server.keep_alive)
        try:
            with gateway.turns_of(client, asked.choices):
                await exchange.run_until_gone(receive, gateway, reply.stream if asked.stream else reply.whole)
        except ClientGone:
            told["left"] = True
            raise
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            told["error"] = type(error).__name__
            problem = exchange.problem_of(error)
            problem.message = model.veiled(problem.message)
            if not reply.started:
                body = sse.to_json(api.encoder.error_body(problem))
                more = {"content-type": "application/json", **exchange.retry_headers(problem)}
                await exchange.send_body(send, problem.status, body, more)
                return
            await reply.fail(problem)
        finally:
            told |= answering.told()
            usage = answering.usage
            gateway.metrics.spent(model.name, answering.space, usage.prompt_tokens, usage.completion_tokens)
            await gateway.spent(client, usage.completion_tokens)


class _Serving:
    """The endpoint of files of answers."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # What is behind it opens the file to anybody, so it is not for the log.
        scope["state"]["told"] |= {"route": attachments.PATH, "path": attachments.PATH}
        identifier, body = scope["path_params"]["identifier"], scope["method"] != "HEAD"
        gateway = self._gateway
        files = Attachments(gateway.store, gateway.models)
        headers = Request(scope).headers
        # A part of what the client had may be asked for; that it is still the same, nobody says.
        part = None if "if-range" in headers else headers.get("range")
        await exchange.run_until_gone(receive, gateway, lambda: files.serve(identifier, send, body=body, part=part))


class _Seen:
    """``send`` that remembers the status, and names the request in the reply as OpenAI and Anthropic do."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._names = [(name, request_id.encode()) for name in (b"x-request-id", b"request-id")]
        self.status = 0

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._names]
        return self._send(message)


def _no_response(name: str) -> Problem:
    return Problem(f"Response with id '{name}' not found.", status=404, code="response_not_found")


def _known_model(gateway: Gateway, client: Client, name: str) -> Model:
    model = gateway.models.get(name)
    if model is None or not client.may_use(name):
        known = ", ".join(each.name for each in gateway.models if client.may_use(each.name))
        raise Problem(
            f"The model {shortened(name)!r} does not exist. Known: {known or 'none'}.",
            status=404,
            code="model_not_found",
            param="model",
        )
    return model


async def _body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The body of a request.

    Raises:
        Problem: 408; it does not come. 413; it is too large. 415; it is compressed.
        ClientDisconnect: it did not come to its end.
    """
    headers = dict(scope["headers"])
    too_large = Problem(
        f"The request has more than {limit} bytes, its files included: send less, or raise max_body.",
        status=413,
        code="request_too_large",
    )
    coding = headers.get(b"content-encoding", b"identity").decode("latin-1")
    if coding.lower() not in ("", "identity"):
        raise Problem(f"Bodies compressed by {coding!r} are not taken.", status=415, code="unsupported_encoding")
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > limit:
        raise too_large
    body = bytearray()
    while True:
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                message = await receive()
        except TimeoutError:
            raise Problem("The body did not come in time.", status=408, code="request_timeout") from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > limit:
            raise too_large
        if not message.get("more_body", False):
            return bytes(body)


def _key(request: Request) -> str | None:
    """The key of a request, in any of the forms in which clients send it."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return key.strip()
    return request.headers.get("x-api-key") or request.headers.get("api-key") or None


def _request_id(scope: Scope) -> str:
    """The client's own name for the request, if it can stand in a log, else a new one."""
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    plain = given.replace("-", "").replace("_", "").replace(".", "")
    if plain.isascii() and plain.isalnum() and len(given) <= 128:
        return given
    return f"req_{uuid.uuid4().hex}"


def _routing_problem(error: HTTPException, scope: Scope) -> Problem:
    if error.status_code == 404:
        return Problem(f"There is nothing at {shortened(scope['path'])}.", status=404, code="not_found")
    if error.status_code == 405:
        return Problem(
            f"{shortened(scope['path'])} does not take {scope['method']}.", status=405, code="method_not_allowed"
        )
    return Problem(str(error.detail), status=error.status_code)


async def _send_problem(
    send: Send, problem: Problem, body: Callable[[Problem], dict[str, Any]], headers: dict[str, str]
) -> None:
    full = {"content-type": "application/json", **headers, **exchange.retry_headers(problem)}
    if problem.status == 401:
        full["www-authenticate"] = "Bearer"
    await exchange.send_body(send, problem.status, sse.to_json(body(problem)), full)


def _json(value: object, status: int = 200) -> Response:
    return Response(sse.to_json(value), status, media_type="application/json")


def _route(request: Request, route: str) -> None:
    request.state.told["route"] = route


def _own_address(scope: Scope) -> str:
    """The gateway's address, as the client has it."""
    return str(Request(scope).base_url).rstrip("/")


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # brackets that hold no address
        return ""


def _names_of(origins: tuple[str, ...]) -> set[str]:
    return {_host_of(origin) for origin in origins}


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return

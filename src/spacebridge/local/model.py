"""The model: messages in, pieces of text out, stopped at once when nobody listens any more.

llama.cpp's server runs inside this process, through xllamacpp. Its calls block, so each answer
has a thread, which hands over what the model says to the event loop.
"""

import asyncio
import importlib
import os
import secrets
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypedDict, cast

SYSTEM_PROMPT = "You are a helpful AI assistant."
# A small model rambles when it is given more freedom than this, and goes round in circles without the penalty.
TEMPERATURE = 0.2
TOP_P = 0.9
MAX_TOKENS = 512
_REPEAT_PENALTY = 1.15

# How many prompt tokens are worked on in one go. A stop is noticed between two goes, and other
# conversations wait for one: small goes cost little here.
_BATCH = 64


class Message(TypedDict):
    """One message of a conversation."""

    role: str
    content: str


class ModelError(Exception):
    """The model could not be loaded, or could not answer."""


class ContextExceeded(ModelError):
    """The conversation is longer than what the model can hold."""

    def __init__(self, needed: int, available: int) -> None:
        """Say how many tokens the conversation has and how many would fit."""
        super().__init__(
            f"The conversation is too long for this model: {needed} tokens, and it holds"
            f" {available}. Start a new conversation, or send less text."
        )
        self.needed = needed
        self.available = available


class _Engine(Protocol):
    """The one method used of `xllamacpp.Server`, which has no types of its own."""

    def handle_chat_completions(
        self, prompt: Mapping[str, Any], callback: Callable[[dict[str, Any]], bool]
    ) -> None: ...


class LocalModel:
    """A GGUF model in this process."""

    def __init__(self, path: Path, *, parallel: int = 4, context: int = 4096) -> None:
        """Load the model; this blocks, and keeps the interpreter's lock, for 0.3 s or more.

        Args:
            path: the GGUF file.
            parallel: how many answers are written at the same time; more wait their turn.
            context: tokens that one conversation may have, its answer included.

        Raises:
            ModelError: the file cannot be loaded (the reason is on stderr).
        """
        self.path = path
        self.parallel = parallel
        self.context = context
        self._engine = _load(path, parallel, context)
        self._turns = asyncio.Semaphore(parallel)
        self._threads = ThreadPoolExecutor(parallel, thread_name_prefix="model")
        self._running: set[threading.Event] = set()

    @property
    def busy(self) -> int:
        """How many answers the engine is working on at this moment."""
        return len(self._running)

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        temperature: float = TEMPERATURE,
        top_p: float = TOP_P,
        max_tokens: int = MAX_TOKENS,
        stop: Sequence[str] = (),
    ) -> AsyncGenerator[str]:
        """Write one answer, yielding each piece of text as the model says it.

        Closing the generator, or cancelling whoever waits in it, stops the model: within
        milliseconds while it speaks, after one batch of tokens while it still reads the prompt.

        Args:
            messages: the conversation, ending with the one to answer.
            temperature: 0 always takes the likeliest word; higher is more varied.
            top_p: only words among this share of the probability are taken, 0 to 1.
            max_tokens: longest answer, in tokens.
            stop: the answer ends before any of these texts.

        Raises:
            ContextExceeded: the conversation is longer than the model can hold.
            ModelError: anything else the engine complains about.
        """
        request: dict[str, Any] = {
            "messages": list(messages),
            "stream": True,
            "temperature": temperature,
            "top_p": top_p,
            "repeat_penalty": _REPEAT_PENALTY,
            "max_tokens": max_tokens,
            "stop": list(stop),
            # Progress makes the engine call back while it reads the prompt, when it would
            # otherwise be silent, and so not to be stopped.
            "return_progress": True,
        }
        await self._turns.acquire()
        chunks, leave = self._ask(request)
        try:
            while (chunk := await chunks.get()) is not None:
                text = _text(chunk)
                if text:
                    yield text
        finally:
            leave.set()

    def _ask(
        self, request: Mapping[str, Any]
    ) -> tuple[asyncio.Queue[dict[str, Any] | Exception | None], threading.Event]:
        """Start a thread for one answer; `None` in the queue is its end."""
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[dict[str, Any] | Exception | None] = asyncio.Queue()
        leave = threading.Event()

        def post(chunk: dict[str, Any] | Exception | None) -> bool:
            try:
                loop.call_soon_threadsafe(chunks.put_nowait, chunk)
            except RuntimeError:  # the loop is closed: nobody will ever read this
                return True
            return leave.is_set()

        def work() -> None:
            try:
                if not leave.is_set():
                    self._engine.handle_chat_completions(request, post)
            except Exception as error:  # noqa: BLE001  the engine's errors are not specified
                post(error)
            else:
                post(None)

        def done(_: asyncio.Future[None]) -> None:
            # Only now, not when the listener left: the engine keeps its place until it returns.
            self._running.discard(leave)
            self._turns.release()

        self._running.add(leave)
        loop.run_in_executor(self._threads, work).add_done_callback(done)
        return chunks, leave

    def close(self) -> None:
        """Stop every answer and wait until the engine has let go of them."""
        for leave in tuple(self._running):
            leave.set()
        self._threads.shutdown(wait=True, cancel_futures=True)


def _text(chunk: dict[str, Any] | Exception) -> str:
    """Take the text out of one chunk of the engine, or raise what it says went wrong."""
    if isinstance(chunk, Exception):
        raise ModelError(str(chunk)) from chunk
    error = cast("dict[str, Any] | None", chunk.get("error"))
    if error is not None:
        if error.get("type") == "exceed_context_size_error":
            raise ContextExceeded(int(error["n_prompt_tokens"]), int(error["n_ctx"]))
        raise ModelError(str(error.get("message", error)))
    choices = cast("list[dict[str, Any]]", chunk.get("choices") or [])
    return "".join(choice.get("delta", {}).get("content") or "" for choice in choices)


def _load(path: Path, parallel: int, context: int) -> _Engine:
    # Must be set before libgomp is loaded: threads that spin while they wait can stall the model
    # for a minute when another process wants their core.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    xllamacpp: Any = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel = parallel
    params.n_ctx = parallel * context  # the engine divides it among the answers
    params.n_batch = params.n_ubatch = _BATCH
    threads = max(1, (os.cpu_count() or 2) - 1)  # one core is left for the app and the asker
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = 0
    params.verbosity = 1  # errors only
    params.offline = True
    params.fit_params = False  # probing the devices takes longer than loading a small model
    params.warmup = False  # the first answer does it, while Gradio is imported
    # Thoughts stay in the text, tags and all; the page makes bubbles of them.
    params.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
    _hide(params)
    try:
        return cast("_Engine", xllamacpp.Server(params))
    except RuntimeError as error:
        message = f"The model {path} cannot be loaded: {error}"
        raise ModelError(message) from error


def _hide(params: Any) -> None:
    """Keep others away from the HTTP server that the engine insists on running."""
    params.ui = False
    params.api_keys = [secrets.token_urlsafe(32)]
    if sys.platform == "linux":
        # A name beginning with NUL is in no file system and on no port; it ends with the process.
        params.hostnames = [f"\0spacebridge-{secrets.token_urlsafe(16)}.sock"]

"""The page itself, in Chromium: types a prompt as a person would, and tells what the page received and shows.

The raw values are taken where the page takes them: a script that runs before the page's own wraps ``fetch`` and
``EventSource`` and writes down requests and stream messages. Diffs are applied by a few lines of our own, so that even
an answer that ends in an error has a last value.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page, async_playwright

from tests.real.readers import Reading

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"))), None
)

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip

BOX = ":is(textarea, input[data-testid=textbox]):visible"
"""Where a person types: a text box of one line is an input in some versions."""

WATCH = """
(() => {
  const wire = window.__wire = [];
  window.__pending = 0;
  const note = (kind, url, body) => wire.push([kind, String(url), body]);
  const interesting = (url) => /\\/(run|queue|api|call|cancel|upload|component_server|reset)(\\/|\\?|$)/.test(url);
  const real = window.fetch;
  window.fetch = async function (input, init) {
    const url = String(input && input.url || input);
    if (!interesting(url)) return real.apply(this, arguments);
    const body = init && typeof init.body === 'string' ? init.body : null;
    const stream = url.includes('/queue/data');
    if (!stream) { note('request', url, body); window.__pending++; }
    let response;
    try { response = await real.apply(this, arguments); }
    catch (error) { if (!stream) window.__pending--; throw error; }
    if (stream && response.body) {
      // On its way to the page, and not from a copy: of that the end is lost when the page has it first, and aborts.
      const decoder = new TextDecoder();
      let rest = '';
      const noted = new TransformStream({
        transform(bytes, page) {
          rest += decoder.decode(bytes, { stream: true });
          const events = rest.split('\\n\\n');
          rest = events.pop();
          for (const event of events) if (event.startsWith('data:')) note('message', url, event.slice(5));
          page.enqueue(bytes);
        },
      });
      const { status, statusText, headers } = response;
      const told = new Response(response.body.pipeThrough(noted), { status, statusText, headers });
      Object.defineProperty(told, 'url', { value: response.url });
      return told;
    }
    const copy = response.clone();
    (async () => {
      try { note('response ' + response.status, url, JSON.stringify([body, await copy.text()])); }
      catch (error) {} finally { if (!stream) window.__pending--; }
    })();
    return response;
  };
  // Before 4.9 each event has a connection of its own, and most of its messages do not name it: they get a name here.
  let events = 0;
  const named = (url, id, text) => note('message', url, JSON.stringify({ ...JSON.parse(text), event_id: id }));
  const Source = window.EventSource;
  window.EventSource = class extends Source {
    constructor(url, options) {
      super(url, options);
      if (!interesting(String(url))) return;
      const index = new URL(url, location).searchParams.get('fn_index');
      const id = index === null ? null : 'event ' + events++;
      if (id !== null) note('event', url, JSON.stringify([id, Number(index)]));
      this.addEventListener('message', ({ data }) => id === null ? note('message', url, data) : named(url, id, data));
      this.addEventListener('error', () => { if (id !== null) note('closed', url, id); });
      this.__id = id;
    }
    close() { super.close(); if (this.__id) note('closed', this.url, this.__id); }
  };
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(url, protocols) {
      super(url, protocols);
      if (!interesting(String(url))) return;
      this.__id = 'event ' + events++;
      this.addEventListener('message', ({ data }) => named(url, this.__id, data));
      this.addEventListener('close', () => note('closed', url, this.__id));
    }
    send(text) {
      if (this.__id && !text.includes('"data"')) note('event', this.url, JSON.stringify([this.__id, JSON.parse(text).fn_index]));
      super.send(text);
    }
  };
})();
"""


class Browser:
    """A browser with a profile of its own."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context

    @contextlib.asynccontextmanager
    async def page(self, url: str) -> AsyncIterator[ChromiumPage]:
        """Open an app in a tab."""
        tab = await self._context.new_page()
        try:
            await tab.goto(url, wait_until="domcontentloaded")
            page = ChromiumPage(tab, url)
            await page.ready()
            yield page
        finally:
            await tab.close()

    async def turn(self, url: str, text: str, *, screenshot: Path | None = None, **how: Any) -> Reading:
        """Open an app, say one thing, wait for the end of the answer."""
        async with self.page(url) as page:
            reading = await page.turn(text, **how)
            if screenshot is not None:
                await page.screenshot(screenshot)
            return reading


class ChromiumPage:
    """One tab with an app in it; several turns may be taken."""

    def __init__(self, tab: Page, url: str) -> None:
        self.tab = tab
        self.url = url
        self.config: dict[str, Any] = {}

    async def ready(self) -> None:
        """Wait until the app is drawn and its load events are over."""
        self.config = await self.tab.evaluate("fetch('config').then((answer) => answer.json())")
        await self.tab.locator(".gradio-container :is(button, textarea):visible").first.wait_for()
        await self.settle()

    async def turn(
        self,
        text: str | None,
        *,
        box: str = BOX,
        click: str | None = None,
        chatbot: int = 0,
        settle: float = 0.6,
        timeout: float = 30.0,
        until: Callable[[Reading], bool] | None = None,
    ) -> Reading:
        """Type (into the first text area, or the one ``box`` selects) and press Enter, or ``click`` a button by its text.

        Returns when every event of the page is over and nothing new began for ``settle`` seconds; with ``until``, for
        pages that never come to rest, as soon as that holds of the reading.
        """
        start = len(await self.wire())
        if text is not None:
            await self.tab.locator(box).first.fill(text)
            await asyncio.sleep(0.1)
        if click is None:
            await self.tab.locator(box).first.press("Enter")
        else:
            await self.tab.get_by_role("button", name=click, exact=True).first.click()
        if until is None:
            await self.settle(settle, timeout, more_than=start)
        else:
            async with asyncio.timeout(timeout):
                while not until(await self.reading(chatbot, start)):
                    await asyncio.sleep(0.1)
        return await self.reading(chatbot, start)

    async def stop(self, button: str = "Stop") -> None:
        await self.tab.get_by_role("button", name=button, exact=True).first.click()

    async def screenshot(self, path: Path) -> None:
        await self.tab.screenshot(path=str(path), full_page=True)

    async def wire(self) -> list[tuple[str, str, Any]]:
        """Everything noted so far: (kind, URL, text)."""
        return [tuple(item) for item in await self.tab.evaluate("window.__wire")]

    async def settle(self, quiet: float = 0.6, timeout: float = 30.0, more_than: int = -1) -> None:
        """Wait until no event runs and nothing was noted for ``quiet`` seconds (and more than so many notes are there)."""
        loop = asyncio.get_running_loop()
        end, since, before = loop.time() + timeout, loop.time(), -1
        while True:
            wire = await self.wire()
            busy = await self.tab.evaluate("window.__pending") or running(wire)
            if len(wire) != before or busy:
                before, since = len(wire), loop.time()
            if loop.time() - since >= quiet and (len(wire) > more_than or loop.time() - since > 3):
                return
            if loop.time() > end:
                raise TimeoutError(f"the page of {self.url} did not come to rest: {wire[-5:]}")
            await asyncio.sleep(0.05)

    async def reading(self, chatbot: int = 0, start: int = 0) -> Reading:
        """What the page has received, as the values of its components; ``requests`` are those from ``start`` on."""
        wire = await self.wire()
        reading = follow(self.config, wire, chatbot)
        reading.requests = [
            (path(url), json.loads(body) if body else None) for kind, url, body in wire[start:] if kind == "request"
        ]
        reading.visible = await self.tab.evaluate("document.body.innerText")
        return reading


def path(url: str) -> str:
    """The path of a URL, from the first part that Gradio names."""
    bare = url.split("?", maxsplit=1)[0]
    return "/" + bare.split("//", 1)[-1].split("/", 1)[-1].rstrip("/")


def running(wire: list[tuple[str, str, Any]]) -> bool:
    """Whether an event that was joined has not come to its end."""
    joined, over = set(), set()
    for kind, url, body in wire:
        if kind == "response 200" and "/queue/join" in url:
            with contextlib.suppress(ValueError):
                joined.add(json.loads(json.loads(body)[1])["event_id"])
        elif (
            kind == "request" and "/cancel" in url
        ):  # before 5.50 the page does not wait for the end of what it cancels
            over.add(json.loads(body)["event_id"])
        elif kind == "event":
            joined.add(json.loads(body)[0])
        elif kind == "closed":
            over.add(body)
        elif kind == "message":
            message = json.loads(body)
            if message["msg"] in ("process_completed", "unexpected_error"):
                over.add(message.get("event_id"))
    return bool(joined - over) and None not in over


def follow(config: dict[str, Any], wire: list[tuple[str, str, Any]], chatbot: int) -> Reading:
    """Replay what was noted: the values of every component, and every value of the nth chatbot."""
    replay = _Replay(config, chatbot)
    for kind, url, body in wire:  # the reply to a join may be noted after its first messages
        if kind == "response 200" and "/queue/join" in url:
            asked, answered = json.loads(body)
            replay.events[json.loads(answered)["event_id"]] = json.loads(asked)["fn_index"]
        elif kind == "event":
            event_id, function = json.loads(body)
            replay.events[event_id] = function
    for kind, url, body in wire:
        if kind.startswith("response") and ("/run/" in url or "/api/" in url):
            replay.response(kind, *json.loads(body))
        elif kind == "message":
            replay.message(json.loads(body))
    replay.reading.chatbot = replay.reading.values.get(replay.shown)
    return replay.reading


class _Replay:
    """The values of a page, as its messages change them."""

    def __init__(self, config: dict[str, Any], chatbot: int) -> None:
        self.functions = {d.get("id", i): d for i, d in enumerate(config["dependencies"])}
        self.diffs = config.get("protocol", "ws") not in ("ws", "sse", "sse_v1")
        chatbots = [c["id"] for c in config["components"] if c["type"].endswith("chatbot")]
        self.shown: int = chatbots[chatbot] if chatbot < len(chatbots) else -1
        self.events: dict[str, int] = {}
        self.raw: dict[str, list[Any]] = {}
        self.lost: set[str] = set()
        """Events of which only the final value can be known."""
        self.reading = Reading()
        self.reading.values = {c["id"]: copy.deepcopy(c["props"].get("value")) for c in config["components"]}

    def response(self, kind: str, asked: str, answered: str) -> None:
        """The answer to a function that was run directly."""
        if kind == "response 200":
            result = json.loads(answered)
            self.draw(result.get("render_config"))
            self.put(json.loads(asked)["fn_index"], result["data"])
            return
        with contextlib.suppress(ValueError):
            answered = json.loads(answered)
        self.reading.errors.append(answered)

    def message(self, message: dict[str, Any]) -> None:
        """A message of the stream."""
        if message["msg"] in ("heartbeat", "close_stream"):
            return
        self.reading.messages.append(message)
        event, output = message.get("event_id"), message.get("output") or {}
        self.draw(output.get("render_config"))
        if message.get("success") is False:
            self.reading.errors.append(output or message)
        elif "data" in output and event in self.events:
            growing = message["msg"] == "process_generating" and self.diffs
            if growing and event not in self.raw and stale(output["data"]):
                self.lost.add(event)
            if growing and event in self.lost:
                return
            if growing and event in self.raw:
                self.raw[event] = [patch(old, ops) for old, ops in zip(self.raw[event], output["data"], strict=True)]
            else:
                self.raw[event] = output["data"]
            self.put(self.events[event], self.raw[event])

    def draw(self, rendered: dict[str, Any] | None) -> None:
        """Take in what a gr.render function drew."""
        if not rendered:
            return
        self.functions.update({d["id"]: d for d in rendered["dependencies"]})
        for component in rendered["components"]:
            self.reading.values[component["id"]] = copy.deepcopy(component["props"].get("value"))
            if component["type"].endswith("chatbot"):
                self.shown = component["id"]
                self.reading.steps.append(copy.deepcopy(self.reading.values[self.shown]))

    def put(self, function: int, data: list[Any]) -> None:
        """Set what a function put out."""
        outputs = self.functions[function]["outputs"] if function in self.functions else []
        for component, value in zip(outputs, data, strict=False):
            if not (isinstance(value, dict) and value.get("__type__") == "update"):
                self.reading.values[component] = copy.deepcopy(value)
            elif "value" in value:
                self.reading.values[component] = copy.deepcopy(value["value"])
        if self.shown in outputs:
            self.reading.steps.append(copy.deepcopy(self.reading.values[self.shown]))


def stale(data: list[Any]) -> bool:
    """Whether the first values of a run are diffs, against what a run left that died: up to 6.27, now and then."""
    return any(isinstance(item, list) and item and all(is_operation(part) for part in item) for item in data)


def is_operation(part: Any) -> bool:
    kinds = ("append", "replace", "add", "delete")
    return isinstance(part, list) and len(part) == 3 and part[0] in kinds and isinstance(part[1], list)


def patch(value: Any, operations: list[Any]) -> Any:
    """Apply the operations of a diff to a copy of a value."""
    box = [copy.deepcopy(value)]
    for what, where, new in operations:
        *way, last = [0, *where]
        place: Any = box
        for step in way:
            place = place[step]
        if what == "append":
            place[last] += new
        elif what == "delete":
            del place[last]
        elif what == "add" and isinstance(place, list):
            place.insert(last, new)
        else:
            place[last] = new
    return box[0]


class Chromium:
    """The one browser process of a run. It reaches nothing but this machine and leaves nothing behind."""

    def __init__(self) -> None:
        self._profile: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start it if it does not run; where it is spoken to."""
        if CHROMIUM is None:
            raise RuntimeError("no chromium on this machine")
        if self._process is not None and self._process.poll() is not None:
            self.stop()
        if self._profile is None or self._process is None:
            self._profile = tempfile.TemporaryDirectory(prefix="spacebridge-chromium-", ignore_cleanup_errors=True)
            profile = [f"--user-data-dir={self._profile.name}", "--remote-debugging-port=0"]
            quiet = subprocess.DEVNULL
            command = [CHROMIUM, *ARGUMENTS, *profile, "about:blank"]
            self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
        told, until = Path(self._profile.name, "DevToolsActivePort"), time.monotonic() + 60
        while not told.exists() or "\n" not in told.read_text():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("chromium does not start")
            time.sleep(0.02)
        return f"http://127.0.0.1:{told.read_text().split()[0]}"

    def stop(self) -> None:
        """End it, and what it has started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._profile is not None:
            self._profile.cleanup()
        self._profile = self._process = None


SHARED = Chromium()


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser, with a profile that nobody else has seen or will see."""
    address = await asyncio.to_thread(SHARED.start)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(address)
        context = await browser.new_context(viewport={"width": 1100, "height": 900})
        context.set_default_timeout(20_000)
        await context.add_init_script(WATCH)
        try:
            yield Browser(context)
        finally:
            await context.close()
            await browser.close()

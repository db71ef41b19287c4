"""The loop ends in mid-turn, and turns without ``await``: the server is told all the same, and nothing is left."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from spacebridge import Space, TextDelta, errors, sync
from tests.doubles import fault_server as fault
from tests.doubles.fault_server import FaultServer
from tests.faults.lab import ANSWER, SHORT
from tests.faults.test_leaving import in_text, slow, well

# The loop ends


def told(server: FaultServer, timeout: float = 5) -> bool:
    """Whether the server was told, or at least the stream closed."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if server.cancels or (server.seen("/queue/data") and not server.streaming):
            return True
        time.sleep(0.02)
    return False


def closed(server: FaultServer, timeout: float = 5) -> bool:
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if not server.open_connections:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("block", [True, False])
def test_loop_ends_in_mid_turn(block: bool) -> None:
    with FaultServer() as server:
        slow(server)

        async def chat(reached: asyncio.Event) -> None:
            async with Space(server.url, timeouts=SHORT) as space:
                turn = space.conversation().stream("Hi")
                if block:
                    async with turn:
                        await in_text(aiter(turn), server)
                        reached.set()
                        await asyncio.sleep(60)
                async for event in turn:
                    if isinstance(event, TextDelta):
                        reached.set()

        async def main() -> None:
            reached = asyncio.Event()
            main.task = asyncio.create_task(chat(reached))  # type: ignore[attr-defined]
            await reached.wait()

        begin = time.monotonic()
        asyncio.run(main())
        gc.collect()
        assert time.monotonic() - begin < 6
        assert told(server)
        assert closed(server)


@pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning")
def test_loop_ends_with_a_space_that_was_never_closed(caplog: pytest.LogCaptureFixture) -> None:
    """A caller's mistake; but no hang, and the connections go."""
    with FaultServer() as server:
        slow(server)

        async def main() -> None:
            space = Space(server.url, timeouts=SHORT)
            await space.connect()
            turn = space.conversation().stream("Hi")
            await turn.__aenter__()
            await in_text(aiter(turn), server)
            await space.aclose()

        begin = time.monotonic()
        asyncio.run(main())
        assert time.monotonic() - begin < 6
        assert told(server)
        assert closed(server)


# Without await


def test_sync_left_early() -> None:
    with FaultServer() as server:
        slow(server)
        before = threading.active_count()
        with sync.Space(server.url, timeouts=SHORT) as space:
            conversation = space.conversation()
            with conversation.stream("Hi") as turn:
                for event in turn:
                    if isinstance(event, TextDelta):
                        break
            assert len(server.cancels) == 1
            assert conversation.state == "partial"
            well(server)
            assert conversation.ask("Hi").text == ANSWER
        assert closed(server)
        assert threading.active_count() == before


def test_sync_text_left_early() -> None:
    """After the generator is closed the conversation is free at once."""
    with FaultServer() as server:
        slow(server)
        with sync.Space(server.url, timeouts=SHORT) as space:
            conversation = space.conversation()
            for count in range(1, 4):
                for piece in conversation.text("Hi"):
                    assert piece
                    break
                assert len(server.cancels) == count
            well(server)
            assert "".join(conversation.text("Hi")) == ANSWER
        assert closed(server)


def test_sync_interrupted() -> None:
    """Ctrl-C in the middle of a wait."""

    class Interrupted(BaseException):
        pass

    with FaultServer() as server:
        slow(server)
        with pytest.raises(Interrupted), sync.Space(server.url, timeouts=SHORT) as space:
            for piece in space.conversation().text("Hi"):
                assert piece
                raise Interrupted
        assert told(server)
        assert len(server.cancels) == 1
        assert closed(server)


@pytest.fixture
def heard_ctrl_c() -> Iterator[None]:
    """Ctrl-C as a terminal gives it: what is started in the background has it ignored from the beginning."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard_ctrl_c")
def test_sync_ctrl_c() -> None:
    with FaultServer() as server:
        slow(server)
        server.pace = 0.05

        def interrupt() -> None:
            while not server.streaming:
                time.sleep(0.01)
            time.sleep(0.3)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()
        begin = time.monotonic()
        with pytest.raises(KeyboardInterrupt), sync.Space(server.url, timeouts=SHORT) as space:
            space.conversation().ask("Hi")
        assert time.monotonic() - begin < 8
        assert len(server.cancels) == 1
        assert closed(server)


def test_sync_errors_come_through() -> None:
    with FaultServer() as server:
        server.on("GET", "/queue/data", fault.tampered(fault.cut_after(1500)))
        with sync.Space(server.url, timeouts=SHORT) as space:
            conversation = space.conversation()
            with pytest.raises(errors.StreamCut) as caught:
                conversation.ask("Hi")
            assert caught.value.partial
            with pytest.raises(errors.StreamCut):
                list(conversation.text("Hi"))
            with pytest.raises(errors.StreamCut), conversation.stream("Hi") as turn:
                list(turn)
        assert closed(server)
    with pytest.raises(errors.CannotConnect), sync.Space(server.url):
        pass


def test_sync_two_threads() -> None:
    """Two threads on one Space, a conversation each."""
    with FaultServer() as server:
        server.answer = lambda said, session: [f"{said}-{i} " for i in range(20)]
        with sync.Space(server.url, timeouts=SHORT) as space:
            got: dict[str, str] = {}

            def chat(name: str) -> None:
                got[name] = space.conversation().ask(name).text

            threads = [threading.Thread(target=chat, args=(f"t{i}",)) for i in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(10)
        assert {name: text.split()[-1] for name, text in got.items()} == {f"t{i}": f"t{i}-19" for i in range(4)}

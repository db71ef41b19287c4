"""Running the gateway: who may ask, what signals do, and what it says at its start."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest
import typer

from spacebridge.cli.commands.serve import parse_option
from spacebridge.gateway.keys import hashed
from tests.doubles.fault_server import FaultServer
from tests.gateway.served import Served, gateway_running, serving
from tests.real.process import quiet_environment

pytestmark = pytest.mark.servers


def user(text: str) -> Any:
    return {"role": "user", "content": text}


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "spacebridge", *arguments],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env=quiet_environment() | env,
    )


def test_another_address_needs_a_key():
    done = run("serve", "--host", "0.0.0.0", "--port", "0", "--store", "memory:")
    assert done.returncode == 2
    assert "0.0.0.0 can be reached by others, so there must be a key" in done.stderr


def test_a_port_that_is_taken_is_told():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run(
            "serve", "--port", str(taken.getsockname()[1]), "--store", "memory:", "--model", "m=http://127.0.0.1:9"
        )
    assert done.returncode == 1
    assert "can't listen on 127.0.0.1" in done.stderr


@pytest.mark.parametrize("pair", ["x", "=x", "x=", "http://127.0.0.1:1/?a=b"])
def test_a_model_that_is_none_is_told(pair: str):
    done = run("serve", "--model", pair)
    assert done.returncode == 2
    assert "NAME=ADDRESS" in done.stderr


def test_a_wrong_file_is_told_by_line(tmp_path: Path):
    path = tmp_path / "spacebridge.toml"
    path.write_text("[server]\nprot = 1\n")
    done = run("serve", "--config", str(path))
    assert done.returncode == 2
    assert "line 2: server.prot: there is no such option. Did you mean port?" in done.stderr


def test_config_check(tmp_path: Path):
    path = tmp_path / "spacebridge.toml"
    done = run("config", "check", str(path))
    assert done.returncode == 2
    assert "can't be read" in done.stderr
    path.write_text('[server]\nport = "x"\n[models.a]\naddress = "local"\naddres = 1\n')
    done = run("config", "check", str(path))
    assert done.returncode == 2
    assert done.stdout.splitlines() == [
        f"{path}: line 2: server.port: expected a whole number, got a text.",
        f"{path}: line 5: models.a.addres: there is no such option. Did you mean addresses?",
    ]
    path.write_text('[models.a]\naddress = "local"\n')
    done = run("config", "check", SPACEBRIDGE_CONFIG=str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{path} can be used: a; no keys: for this machine only.\n"


def test_config_key_makes_a_key_and_its_table(tmp_path: Path):
    done = run("config", "key", "ada lovelace")
    key = done.stdout.strip()
    assert done.stderr.strip() == f'[keys."ada lovelace"]\nhash = "{hashed(key)}"'
    path = tmp_path / "spacebridge.toml"
    path.write_text(done.stderr)
    assert run("config", "check", str(path)).stdout.endswith("as `local`; 1 keys.\n")


@pytest.fixture
def interface(rule_app: Callable[[str], str]) -> str:
    return rule_app("interface")


async def test_keys_their_models_and_their_limits(interface: str, tmp_path: Path):
    path = tmp_path / "spacebridge.toml"
    path.write_text(f"""
[models.one]
address = "{interface}"
[models.two]
address = "{interface}"
[keys.ada]
hash = "{hashed("sb-ada")}"
models = ["one"]
requests_per_minute = 3
[keys.bob]
hash = "{hashed("sb-bob")}"
""")
    async with gateway_running("--config", str(path)) as served:
        async with served.client("wrong") as client:
            with pytest.raises(openai.AuthenticationError, match="API key is wrong"):
                await client.models.list()
        async with aiohttp.ClientSession(served.url) as http:
            for path_ in ("/v1/models", "/metrics", "/v1/nothing"):
                async with http.get(path_) as reply:
                    assert reply.status == 401
                    assert reply.headers["www-authenticate"] == "Bearer"
            for path_ in ("/health", "/ready", "/docs", "/openapi.json"):
                async with http.get(path_) as reply:
                    assert reply.status == 200
            for header in ("x-api-key", "api-key"):
                async with http.get("/v1/models", headers={header: "sb-bob"}) as reply:
                    assert reply.status == 200
            async with http.post("/v1/messages", json={}, headers={"x-api-key": "x"}) as reply:
                assert (await reply.json())["error"]["type"] == "authentication_error"
        async with served.client("sb-ada") as ada, served.client("sb-bob") as bob:
            assert [model.id async for model in ada.models.list()] == ["one"]
            assert [model.id async for model in bob.models.list()] == ["one", "two"]
            with pytest.raises(openai.NotFoundError):
                await ada.chat.completions.create(model="two", messages=[user("x")])
            # What one key has said another does not go on with.
            first = await ada.chat.completions.create(model="one", messages=[user("x")])
            messages = [user("x"), {"role": "assistant", "content": first.choices[0].message.content}, user("y")]
            other = await bob.chat.completions.with_raw_response.create(model="one", messages=messages)
            assert other.headers["x-spacebridge-conversation"] == "injected"
            own = await ada.chat.completions.with_raw_response.create(model="one", messages=messages)
            assert own.headers["x-spacebridge-conversation"] == "continued"
            kept = await ada.responses.create(model="one", input="x")
            with pytest.raises(openai.NotFoundError):
                await bob.responses.retrieve(kept.id)
            with pytest.raises(openai.RateLimitError) as caught:
                await ada.chat.completions.create(model="one", messages=[user("x")])
            assert 1 <= int(caught.value.response.headers["retry-after"]) <= 21
            await bob.chat.completions.create(model="one", messages=[user("x")])
        assert "sb-ada" not in served.process.wait_for_log("key=ada")


async def test_pages_of_others_can_not_use_a_visitors_browser(interface: str):
    async with (
        gateway_running("--model", f"m={interface}", "--cors-origin", "https://chat.example.org") as served,
        aiohttp.ClientSession(served.url) as http,
    ):
        for headers, status in (
            ({}, 200),
            ({"origin": served.url}, 200),
            ({"origin": "https://evil.example"}, 403),
            ({"origin": "null"}, 403),
            ({"host": "evil.example"}, 403),
            ({"origin": "https://chat.example.org"}, 200),
        ):
            async with http.get("/v1/models", headers=headers) as reply:
                assert reply.status == status, headers
                allowed = reply.headers.get("access-control-allow-origin")
                assert allowed == ("https://chat.example.org" if "chat" in headers.get("origin", "") else None)


async def test_bodies_that_are_too_large_are_refused(interface: str):
    async with (
        gateway_running("--model", f"m={interface}", "--max-body", "1000") as served,
        aiohttp.ClientSession(served.url) as http,
    ):
        body = json.dumps({"model": "m", "messages": [user("x" * 2000)]}).encode()
        async with http.post("/v1/chat/completions", data=body) as reply:
            assert reply.status == 413
            assert (await reply.json())["error"]["code"] == "request_too_large"

        async def pieces() -> Any:
            for start in range(0, len(body), 100):
                yield body[start : start + 100]

        async with http.post("/v1/chat/completions", data=pieces()) as reply:
            assert reply.status == 413
        async with http.post("/v1/chat/completions", json={"model": "m", "messages": [user("x")]}) as reply:
            assert reply.status == 200


async def test_logs_tell_neither_contents_nor_secrets(interface: str):
    async with gateway_running("--model", f"m={interface}", "--log", "json") as served:
        async with served.client("sb-some-secret") as client:
            await client.chat.completions.create(model="m", messages=[user("my private words")])
        log = await asyncio.to_thread(served.process.wait_for_log, "/v1/chat/completions")
        lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        asked = next(line for line in lines if line.get("path") == "/v1/chat/completions")
        assert asked["model"] == "m"
        assert asked["status"] == 200
        assert asked["conversation"] == "new"
        assert asked["completion_tokens"] > 0
        assert "private" not in served.process.log
        assert "some-secret" not in served.process.log


async def counting(served: Served, count: int) -> tuple[asyncio.Task[str], asyncio.Event]:
    """An answer that is streamed, and whether it has begun."""
    begun = asyncio.Event()

    async def follow() -> str:
        text = ""
        async with served.client() as client:
            stream = await client.chat.completions.create(
                model="m", messages=[user(f"[[count={count} pace=0.1]]")], stream=True
            )
            async for chunk in stream:
                text += chunk.choices[0].delta.content or ""
                if text:
                    begun.set()
        return text

    task = asyncio.create_task(follow())
    async with asyncio.timeout(30):
        await begun.wait()
    return task, begun


async def ended(served: Served) -> int:
    process = served.process._process
    assert process is not None
    return await asyncio.to_thread(process.wait, 30)


async def test_a_stop_lets_answers_end(interface: str):
    async with gateway_running("--model", f"m={interface}") as served:
        task, _ = await counting(served, 20)
        served.send(signal.SIGTERM)
        await asyncio.sleep(0.3)
        async with aiohttp.ClientSession() as http, http.get(f"{served.url}/ready") as reply:
            assert reply.status == 503
        assert (await task).split() == [str(number) for number in range(1, 21)]
        assert await ended(served) == 0


async def test_a_second_signal_waits_no_longer_and_tells_the_client(interface: str):
    async with gateway_running("--model", f"m={interface}") as served:
        task, _ = await counting(served, 300)
        served.send(signal.SIGINT)
        await asyncio.sleep(0.3)
        served.send(signal.SIGINT)
        with pytest.raises(openai.APIError, match="being stopped"):
            await task
        assert await ended(served) == 0


async def test_the_grace_has_an_end():
    space = FaultServer("interface")
    await space.start()
    space.answer = ["x "] * 500
    space.pace = 0.05
    try:
        async with gateway_running("--model", f"m={space.url}", "--grace", "0.5") as served:
            task, _ = await counting(served, 1)
            served.send(signal.SIGTERM)
            with pytest.raises(openai.APIError, match="being stopped"):
                await task
            assert await ended(served) == 0
            assert space.cancels
    finally:
        await space.aclose()


async def test_the_configuration_is_read_anew_without_disturbing_answers(interface: str, tmp_path: Path):
    path = tmp_path / "spacebridge.toml"
    path.write_text(f'[models.m]\naddress = "{interface}"\n')
    async with gateway_running("--config", str(path)) as served, served.client() as client:
        task, _ = await counting(served, 30)
        path.write_text(f'[models.other]\naddress = "{interface}"\nturns = 1\n')
        served.send(signal.SIGHUP)
        async with asyncio.timeout(20):
            while [model.id async for model in client.models.list()] != ["other"]:
                await asyncio.sleep(0.05)
        assert (await task).split() == [str(number) for number in range(1, 31)]
        with pytest.raises(openai.NotFoundError):
            await client.chat.completions.create(model="m", messages=[user("x")])
        await client.chat.completions.create(model="other", messages=[user("x")])
        path.write_text("[models.broken]\n")
        served.send(signal.SIGHUP)
        async with asyncio.timeout(20):
            while "stays as it is" not in served.process.log:
                await asyncio.sleep(0.05)
        assert "line 1: models.broken: a model needs at least one address" in served.process.log
        assert [model.id async for model in client.models.list()] == ["other"]


async def test_variables_of_the_environment(interface: str, tmp_path: Path):
    env = {
        "SPACEBRIDGE_MODELS": f"one={interface} two={interface}",
        "SPACEBRIDGE_KEYS": "sb-one",
        "SPACEBRIDGE_MAX_BODY": "5000",
        "SPACEBRIDGE_STORE": f"sqlite:{tmp_path}/store.sqlite3",
        "XDG_STATE_HOME": str(tmp_path),
    }
    async with gateway_running(env=env, store=None) as served, served.client("sb-one") as client:
        assert [model.id async for model in client.models.list()] == ["one", "two"]
        assert (tmp_path / "store.sqlite3").exists()
        with pytest.raises(openai.APIStatusError) as caught:
            await client.chat.completions.create(model="one", messages=[user("x" * 6000)])
        assert caught.value.status_code == 413


@pytest.mark.model
@pytest.mark.timeout(180)
async def test_without_any_model_the_embedded_space_is_served(tmp_path: Path):
    env = {"XDG_STATE_HOME": str(tmp_path)}
    async with gateway_running(env=env, store=None) as served, served.client(timeout=150) as client:
        done = await client.chat.completions.create(
            model="local", messages=[user("Say hello.")], max_tokens=20, temperature=0
        )
        assert (done.choices[0].message.content or "").strip()
        assert [model.id async for model in client.models.list()] == ["local"]
        assert (tmp_path / "spacebridge" / "gateway.sqlite3").exists()


def test_serving_says_where(interface: str):
    with serving("--model", f"m={interface}") as process:
        assert process.url in process.wait_for_log("Serving m; no key is needed.\n")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("models.mine.turns=2", (["models", "mine", "turns"], 2)),
        ('models."my model".settings.loud=true', (["models", "my model", "settings", "loud"], True)),
        ('fetch.hosts=["a", "b"]', (["fetch", "hosts"], ["a", "b"])),
        ("models.a.chat=Chat bot", (["models", "a", "chat"], "Chat bot")),
        ("keys.a.hash=sha256:00", (["keys", "a", "hash"], "sha256:00")),
    ],
)
def test_options_of_the_file_as_flags(text: str, expected: Any):
    assert parse_option(text) == expected


@pytest.mark.parametrize("text", ["", "x", "x=1", "=1", ".a=1", "models..x=1", "a b.c=1"])
def test_what_is_no_option_is_told(text: str):
    with pytest.raises(typer.BadParameter):
        parse_option(text)


async def test_any_option_can_be_a_flag_or_a_variable(rule_app: Callable[[str], str]):
    address = await asyncio.to_thread(rule_app, "interface_settings")
    settings = {"SPACEBRIDGE_OPTIONS": "models.m.settings = { temperature = 1.5, max_tokens = 64 }\n\nserver.grace=1\n"}
    async with (
        gateway_running("--model", f"m={address}", "--failures", "7", env=settings) as served,
        gateway_running("--model", f"m={address}", "--option", "models.m.settings.temperature=0.5") as flagged,
        served.client() as client,
        flagged.client() as other,
    ):
        done = await client.chat.completions.create(model="m", messages=[user("x")])
        assert ",1.5,64," in (done.choices[0].message.content or "")
        done = await other.chat.completions.create(model="m", messages=[user("x")])
        assert ",0.5,512," in (done.choices[0].message.content or "")

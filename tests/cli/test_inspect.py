"""`spacebridge inspect` and `spacebridge doctor`."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.cli.shell import run, terminal
from tests.cli.test_ask import RULES
from tests.real.process import Pool


def test_what_an_app_is(servers: Pool):
    url = servers.get(RULES / "interface.py", "--form", "settings")
    found = json.loads(run("inspect", "--json", url).stdout)
    assert found["gradio"].startswith("6.")
    assert (found["url"], found["mode"], found["protocol"], found["spoken"]) == (url, "chat_interface", "sse_v3", True)
    assert found["chat"]["box"]["type"] == "textbox"
    assert found["chat"]["output"]["label"] == "chatbot"
    assert found["chat"]["chain"][-1]["name"] == "/_submit_fn"
    settings = {setting["name"]: setting for setting in found["settings"]}
    assert settings["temperature"]["value"] == 0.7
    assert settings["temperature"]["allowed"] == "0 to 2"
    assert [candidate["used"] for candidate in found["candidates"]].count(True) == 1
    assert found["history"] == "event"
    assert found["route"]["used"] == "page"
    assert [route["name"] for route in found["route"]["routes"]] == ["page", "api"]
    text = run("inspect", url).stdout
    for part in (
        url,
        "gradio",
        "6.",
        "message box",
        "/_submit_fn (streams)",
        "temperature",
        "0 to 2",
        "Max new tokens",
        "takes them over",
        "other route",
        "Why:",
    ):
        assert part in text


@pytest.mark.parametrize("form, told", [("bubbles", "(no chatbot)"), ("html", "(no chatbot: each turn stands alone)")])
def test_whether_an_app_without_a_chatbot_remembers(servers: Pool, form: str, told: str):
    url = servers.get(RULES.parent / "chats" / "plain.py", "--form", form)
    assert told in run("inspect", url).stdout


def test_another_chat_by_its_number(servers: Pool):
    url = servers.get(RULES / "arena.py")
    found = json.loads(run("inspect", "--json", url).stdout)
    assert [candidate["number"] for candidate in found["candidates"]] == [0, 1]
    other = json.loads(run("inspect", "--json", "--chat", "1", url).stdout)
    assert other["chat"] == {key: value for key, value in found["candidates"][1].items() if key != "used"}
    done = run("inspect", "--chat", "nope", url)
    assert done.returncode == 3
    assert url in done.stdout
    assert "no chat 'nope'" in done.stdout


def test_the_way_into_the_chat(servers: Pool):
    url = servers.get(RULES / "interface.py", "--form", "settings")
    found = json.loads(run("inspect", "--json", "--route", "api", url).stdout)
    assert found["route"]["used"] == "api"
    assert [edge["name"] for edge in found["chat"]["chain"]] == found["route"]["routes"][0]["functions"]
    assert [candidate["used"] for candidate in found["candidates"]].count(True) == 1
    assert run("ask", "-s", url, "--route", "api", "Hello").stdout.startswith("Echo: Hello | history=0 settings=")
    done = run("ask", "-s", url, "--route", "sea", "Hello")
    assert done.returncode == 2
    assert "none of" in done.stderr
    none = run("inspect", "--route", "api", servers.get(RULES / "arena.py"))
    assert none.returncode == 2
    assert "offers no API" in none.stderr


def test_hostile_titles(chat: str):
    with terminal("inspect", chat, columns=40) as shell:
        assert shell.end() == 0
    assert "\x1b]" not in shell.raw
    assert "Shell ␛]0;t␇" in shell.text
    assert max(len(line) for line in shell.text.splitlines()) <= 40


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = self.server.answer  # pyright: ignore[reportAttributeAccessIssue]
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def other(request: pytest.FixtureRequest) -> Iterator[str]:
    """Something that is no Gradio app."""
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    server.answer = request.param  # pyright: ignore[reportAttributeAccessIssue]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def steps(done_stdout: str) -> dict[str, str]:
    return {check["name"]: check["state"] for check in json.loads(done_stdout)["space"]}


def test_a_space_that_works(chat: str):
    done = run("doctor", "--json", chat)
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert found["ok"]
    assert list(steps(done.stdout)) == ["address", "name", "TCP", "HTTP", "Gradio", "login", "protocol", "chat"]
    assert {check["name"] for check in found["here"]} >= {"Python", "aiohttp", "extra local", "model", "proxies"}
    text = run("doctor", chat)
    assert text.returncode == 0
    assert "✓ chat" in text.stdout
    assert "ok chat" in run("doctor", chat, LC_ALL="C").stdout


@pytest.mark.parametrize("other", [(200, b"<html>hello"), (200, b"{}")], indirect=True)
def test_not_gradio(other: str):
    done = run("doctor", "--json", other)
    assert done.returncode == 1
    assert steps(done.stdout) == {"address": "ok", "name": "ok", "TCP": "ok", "HTTP": "ok", "Gradio": "failed"}
    assert "✗ Gradio" in run("doctor", other).stdout
    assert run("inspect", other).returncode == 3
    assert json.loads(run("inspect", "--json", other).stdout)["error"] == "NotGradio"


@pytest.mark.parametrize("other", [(500, b"<html>no"), (404, b""), (503, b"away")], indirect=True)
def test_statuses(other: str):
    done = run("doctor", "--json", other)
    assert done.returncode == 1
    assert steps(done.stdout)["HTTP"] == "failed"


def test_unreachable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        done = run("doctor", f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 1
    assert "✗ TCP" in done.stdout
    assert "Connection refused" in done.stdout
    done = run("doctor", "--json", "http://no-such-name.invalid")
    assert steps(done.stdout) == {"address": "ok", "name": "failed"}
    assert steps(run("doctor", "--json", "what is this").stdout) == {"address": "failed"}


def test_no_tls(chat: str):
    done = run("doctor", "--json", chat.replace("http:", "https:"))
    assert steps(done.stdout)["TLS"] == "failed"


def test_a_login_is_needed(servers: Pool):
    url = servers.get(RULES / "interface.py", "--form", "login")
    done = run("doctor", "--json", url)
    assert (done.returncode, steps(done.stdout)["login"]) == (1, "failed")
    assert steps(run("doctor", "--json", "--auth", "ada:secret", url).stdout)["login"] == "ok"


def test_secrets_of_proxies_are_not_shown():
    shown = run("doctor", https_proxy="http://ada:secret@proxy.example:3128").stdout
    assert "proxy.example:3128" in shown
    assert "secret" not in shown


def test_here_alone():
    done = run("doctor")
    assert done.returncode == 0
    assert "✓ Python" in done.stdout

"""Ask the embedded Space with the installed wheel, from an empty folder, as a user would; then through its gateway."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import urllib.request

from environments import SERVERS

SECONDS = 180
PROGRAM = str(SERVERS / "wheel" / "bin" / "spacebridge")


def ask(folder: str) -> str:
    command = [PROGRAM, "ask", "-s", "local", "Say hello"]
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode or not done.stdout.strip():
        print(f"{done.stderr}\nThe wheel gave no answer; exit code {done.returncode}.", file=sys.stderr)
        return ""
    return done.stdout.strip()


def ask_gateway(folder: str) -> str:
    command = [PROGRAM, "serve", "--port", "0", "--store", "memory:"]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            url = server.stdout.readline().strip() if server.stdout is not None else ""
            body = {"model": "local", "messages": [{"role": "user", "content": "Say hello"}], "max_tokens": 20}
            request = urllib.request.Request(  # noqa: S310 - what our own server says is its address
                f"{url}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
            )
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            load_page(opener, url)
            with opener.open(request, timeout=SECONDS) as reply:
                return str(json.load(reply)["choices"][0]["message"]["content"]).strip()
        except (OSError, ValueError, KeyError) as error:
            print(f"The wheel's gateway gave no answer: {error}", file=sys.stderr)
            return ""
        finally:
            server.terminate()


def load_page(opener: urllib.request.OpenerDirector, url: str) -> None:
    """Load the chat page and the files it names.

    Raises:
        OSError: one is missing.
        ValueError: the page names none.
    """
    with opener.open(url, timeout=SECONDS) as reply:
        files = re.findall(r'(?:src|href)="\./(page/[^"]+)"', reply.read().decode())
    if not files:
        raise ValueError("The page names no files.")
    for file in files:
        opener.open(f"{url}/{file}", timeout=SECONDS).close()


def main() -> int:
    for how, way in (("The wheel", ask), ("The wheel's gateway", ask_gateway)):
        with tempfile.TemporaryDirectory() as folder:
            answer = way(folder)
        if not answer:
            return 1
        print(f"{answer}\n{how} answers.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

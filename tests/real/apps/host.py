"""Serve several apps from one process, so that a heavy environment is imported once for a whole test run.

Commands arrive as JSON lines in ``COMMANDS`` (put there by the launcher): a script, the port, its arguments. Each
script's ``main(argv)`` builds its app and launches it as it would alone, except that launching does not block here.
``null`` in the script's place closes the app on that port.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import pathlib
import sys
import threading
import traceback

import gradio as gr


def load(path: str):
    """Import a script by path, once."""
    name = "app_" + path.replace("/", "_").removesuffix(".py")
    if name not in sys.modules:
        sys.path.insert(0, str(pathlib.Path(path).parent))
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


RUNNING = {}
launch = gr.Blocks.launch


def launch_beside(app, *args, **options):
    """Launch without blocking, and remember the app by its port."""
    told = launch(app, *args, **options, prevent_thread_lock=True)
    RUNNING[app.server_port] = app
    return told


def main(argv=None) -> None:
    argparse.ArgumentParser().parse_known_args(argv)
    gr.Blocks.launch = launch_beside
    pending = b""
    while True:
        pending += COMMANDS.get()  # noqa: F821 - a global that the launcher gives
        *lines, pending = pending.split(b"\n")
        for line in lines:
            script, port, arguments = json.loads(line)
            if script is None:
                if port in RUNNING:
                    threading.Thread(target=RUNNING.pop(port).close, daemon=True).start()
                continue
            try:
                load(script).main(["--port", str(port), *arguments])
            except BaseException:  # noqa: BLE001 - one app that fails must not end the others
                traceback.print_exc()
                print(f"FAILED {port}", flush=True)


if __name__ == "__main__":
    main()

"""The small real model behind an OpenAI-compatible address on ``--port``: llama.cpp's own server, in this process."""

from __future__ import annotations

import argparse
import os
import threading

os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # before the import: waiting threads must not hold a core

import xllamacpp

from spacebridge.local.weights import find_weights


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    params = xllamacpp.CommonParams()
    params.model.path = str(find_weights())
    params.n_parallel = 1
    params.n_ctx = 4096
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = max(1, (os.cpu_count() or 2) - 1)
    params.cache_ram_mib = 0
    params.verbosity = 1
    params.offline = True
    params.hostnames = ["127.0.0.1"]
    params.port = options.port
    server = xllamacpp.Server(params)
    threading.Event().wait()
    del server


if __name__ == "__main__":
    main()

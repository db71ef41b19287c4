"""LiteLLM's proxy, one worker, in front of one OpenAI server; runs in the environment `litellm`."""

import argparse
import json
import sys
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--port", required=True)
parser.add_argument("--upstream", required=True)
given = parser.parse_args()

upstream = {"model": "openai/m", "api_base": f"{given.upstream}/v1", "api_key": "unused"}
config = {
    "model_list": [{"model_name": "m", "litellm_params": upstream}],
    "litellm_settings": {"telemetry": False, "num_retries": 0},
}
Path("config.yaml").write_text(json.dumps(config))  # JSON is YAML, too
sys.argv = [
    "litellm", "--config", "config.yaml", "--host", "127.0.0.1", "--port", given.port, "--num_workers", "1",
    "--telemetry", "False",
]  # fmt: skip

from litellm import run_server  # noqa: E402 - it reads the arguments

run_server()

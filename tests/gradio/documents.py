"""Small configurations, as the body of ``GET /config``."""

from __future__ import annotations

import json
from typing import Any


def config_body(**fields: Any) -> bytes:
    """A configuration of an app with nothing on its page, with these fields besides."""
    document = {
        "version": "6.31.0",
        "protocol": "sse_v3",
        "api_prefix": "/gradio_api",
        "mode": "blocks",
        "app_id": 77,
        "title": "A page",
        "root": "http://127.0.0.1:7860",
        "show_error": False,
        "components": [],
        "dependencies": [],
    }
    return json.dumps({key: value for key, value in (document | fields).items() if value is not ...}).encode()

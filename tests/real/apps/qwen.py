"""What the public demo adds to its texts, for the tests; the app itself runs elsewhere and has its own copy."""

from __future__ import annotations

import re

PLACEHOLDER = "Qwen is thinking..."
TAIL = re.compile(r"\n<summary>Time: [0-9.]+s</summary>$")

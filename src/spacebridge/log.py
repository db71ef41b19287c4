"""The library's logger. Silent until the application sets logging up; texts of chats are never logged."""

from __future__ import annotations

import logging

__all__ = ["logger"]

logger = logging.getLogger("spacebridge")
logger.addHandler(logging.NullHandler())

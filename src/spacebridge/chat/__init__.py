"""Chats on a page: where they are, what their bubbles say, and how an answer grows. It knows nothing of HTTP."""

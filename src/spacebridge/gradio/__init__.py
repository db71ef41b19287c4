"""The wire of Gradio: configuration, queue, framing, diffs, upload, cancel, login. It knows nothing of chats."""

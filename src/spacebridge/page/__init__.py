"""The page: component values and the event graph, driven as a browser drives them. It knows nothing of chats."""

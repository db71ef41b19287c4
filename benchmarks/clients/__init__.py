"""The clients that are compared. Each is a program of its own; what it says and hears is in ``job``."""

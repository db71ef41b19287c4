"""Spaces: addresses, what is known of named ones, and the front door of the library."""

"""Side by side with others: ``python -m benchmarks``. See ``docs/benchmarks.md``."""

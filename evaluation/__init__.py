"""The benchmarks: each module with ``run(settings)`` is one, called by ``python -m chatcad eval NAME``."""

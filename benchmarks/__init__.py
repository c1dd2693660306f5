"""Measurements of the product on real files; each module runs as `python -m benchmarks.<name>`."""

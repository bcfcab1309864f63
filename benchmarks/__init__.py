"""How fast each stage of an order is, beside what else could do it: `python -m benchmarks`."""

"""What the code costs: `make bench`. Benchmarks report ratios measured in one run, and never gate."""

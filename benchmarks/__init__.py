"""Benchmarks of the client's speed, memory and stability beside its peers; `python -m benchmarks` runs all.

Each module measures one subject, can be run by itself (`python -m benchmarks.throughput`), and has a `--short` form.
`calls` has the peers, `turns` the method by which they are compared, `check` the bounds that continuous integration
checks.
"""

"""How fast, how lean and how steady the client is, beside what else there is; `python -m benchmarks` runs all of it.

Each module measures one thing, can be run by itself (`python -m benchmarks.throughput`), and has a `--short` form.
`calls` has the peers, `turns` how they are measured beside each other, `check` the bounds that continuous integration
holds the package to.
"""

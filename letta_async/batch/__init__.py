"""Batch recompilation: the runner behind `recompile_many`, outcomes, the journal file, and staleness checks."""

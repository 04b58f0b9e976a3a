"""Bring many conversations up to date: `recompile_many`, its outcomes and its journal, and staleness."""

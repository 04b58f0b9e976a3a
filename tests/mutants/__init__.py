"""Mutants of the embedded server: each has lost one quirk of the real one, which the contract suite must notice."""

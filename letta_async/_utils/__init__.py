"""Helpers that import nothing of this package."""

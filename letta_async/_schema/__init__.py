"""Describe, validate and convert values: what annotations say, and JSON."""

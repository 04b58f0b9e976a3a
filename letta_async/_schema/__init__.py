"""Schema of values: annotations, validation, and conversion from and to JSON."""

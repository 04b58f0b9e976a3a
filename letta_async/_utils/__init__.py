"""Helper modules that import nothing of this package but `errors`."""

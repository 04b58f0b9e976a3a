"""Calls of the API, one module per resource, one class per call and one field per parameter."""

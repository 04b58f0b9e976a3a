"""The calls of the API, a module per resource: one class per call, one field per parameter."""

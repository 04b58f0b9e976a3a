"""Resources of the API, one module per resource and one method per call."""

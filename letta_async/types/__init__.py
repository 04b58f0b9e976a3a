"""JSON objects of the API as attrs classes, one module per concept; they import only each other and the schema."""

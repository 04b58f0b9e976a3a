"""The JSON objects of the API as attrs classes, one file a concept; they import nothing but each other."""

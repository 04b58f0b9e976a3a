"""Edits of memory that are brought to the conversations that show it."""

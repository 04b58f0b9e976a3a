"""Private event loop on which the sync client runs the async one, and iteration across threads."""

"""How the sync client runs the async one: a private event loop, and what crosses to it."""

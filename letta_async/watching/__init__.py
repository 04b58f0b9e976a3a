"""Watch over agents' memory: fingerprints, the state file with its lock, and the watcher behind `client.watch`."""

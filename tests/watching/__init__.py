"""Tests of `client.watch`."""

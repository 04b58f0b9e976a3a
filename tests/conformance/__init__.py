"""Conformance with the official Python client: the same requests, and the same attributes of responses.

The calls are those of the tests in its source distribution, which `make foreign` downloads. Both clients make each call
at one server here, which records the requests and serves responses made from the official client's own models.
`exceptions.py` has what differs on purpose.
"""

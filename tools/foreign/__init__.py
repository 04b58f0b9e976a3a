"""Installer of the official clients, for tests that compare their behaviour on the embedded and the real server.

They live in one folder that git ignores, `.foreign/`, apart from the project's own environment: the Python client in a
virtual environment, the TypeScript client in a folder for Node; the source distribution of the Python client, whose
tests show every call, is only downloaded. Versions are pinned beside this file; a change there installs them anew.

From the project's root::

    python -m tools.foreign                 # install what is missing
    python -m tools.real_server run -- python -m tests.foreign.record
"""

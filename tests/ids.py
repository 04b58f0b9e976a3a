"""Well-formed IDs of objects that do not exist."""

CONVERSATION = "conv-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"
AGENT = "agent-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"

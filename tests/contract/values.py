"""Parts of the server's responses with which the tests of agents and of conversations compare."""

from __future__ import annotations

from tests.contract.wire import UNKNOWN_CONVERSATION

USER = "user-00000000-0000-4000-8000-000000000000"
NOT_FOUND = f"Conversation not found with id='['{UNKNOWN_CONVERSATION}']', access level in ['read'] for actor='"
SUMMARIZER_DEFAULTS = {
    "model": "letta/auto",
    "model_settings": None,
    "prompt": "Sum up.",
    "prompt_acknowledgement": False,
    "clip_chars": 50000,
    "mode": "sliding_window",
    "sliding_window_percentage": 0.3,
}
OPENAI = {
    "max_output_tokens": 4096,
    "parallel_tool_calls": True,
    "provider_type": "openai",
    "temperature": 0.7,
    "reasoning": {"reasoning_effort": "high"},
    "response_format": None,
    "strict": True,
}

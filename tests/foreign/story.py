"""The stories of blocks, agents, conversations, turns and tools, as the official Python client tells them."""

from collections.abc import AsyncIterable
from typing import Any

from letta_client import APIStatusError, Omit
from steps import MODEL, TALKING, UNKNOWN, decoded, each, only_id, plain, say, sent, tell


async def memory(client: Any, token: str) -> None:
    """Create blocks, agents and conversations; edit a shared block, recompile, list, fork, fail, and clear up."""
    await say("health", client.health)
    human, persona = await make_blocks(client.blocks, token)
    first, second = await make_agents(client.agents, client.blocks, token, human)
    one, two, three = await make_conversations(client.conversations, first)
    await go_stale(client, first, human, (one, two, three))
    await read_messages(client.conversations, second)
    await find_nothing(client, one, human)
    await be_refused(client, token, first, one, (human, persona))
    await clear_up(client, token, (first, second), (one, two), (human, persona))


async def make_blocks(blocks: Any, token: str) -> tuple[Any, Any]:
    human = await say(
        "make a block", blocks.create, label="human", value="Ada lives in London.", description="A user", tags=[token]
    )
    persona = await say("make a block by little", blocks.create, label="persona", value="Terse, «très» 🙂.", limit=500)
    await say("read it", blocks.retrieve, persona.id)
    await say("tag it", blocks.update, persona.id, tags=[token, "foreign"], metadata={"deep": {"a": [1, 2.5, None]}})
    await say("list blocks", blocks.list, tags=[token])
    await say("list blocks with both tags", blocks.list, tags=[token, "foreign"], match_all_tags=True)
    await say("list blocks backwards", blocks.list, tags=[token], order="desc", limit=1)
    await say("go through blocks one by one", blocks.list, tags=[token], limit=1, read=each)
    await say("list blocks by label", blocks.list, tags=[token], label="human", read=each)
    return human, persona


async def make_agents(agents: Any, blocks: Any, token: str, human: Any) -> tuple[Any, Any]:
    common = {"model": MODEL, "embedding": MODEL, "include_base_tools": False, "tags": [token]}
    first = await say(
        "make an agent",
        agents.create,
        name="first",
        system="You remember.",
        block_ids=[human.id],
        compaction_settings={"mode": "all", "prompt": "Sum up.", "clip_chars": None},
        **common,
    )
    second = await say(
        "make another that talks",
        agents.create,
        name="second",
        system="Before {CORE_MEMORY} after.",
        block_ids=[human.id],
        timezone="Asia/Tokyo",
        metadata={"number": 7},
        initial_message_sequence=[
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Good day"},
            {"role": "user", "content": "Bye"},
        ],
        compaction_settings={"prompt": "Sum up."},
        **common,
    )
    await say("read it without relations", agents.retrieve, first.id)
    await say("read it with its blocks", agents.retrieve, first.id, include=["agent.blocks"])
    await say("rename it", agents.update, first.id, name="renamed", description="Knows Ada")
    await say("list agents", agents.list, tags=[token])
    await say("list agents oldest first", agents.list, tags=[token], order="asc", include=["agent.tags"], limit=1)
    await say("go through agents one by one", agents.list, tags=[token], order="asc", limit=1, read=each)
    await say("list agents by name", agents.list, tags=[token], name="second")
    await say("list agents of a block", blocks.agents.list, human.id)
    await say("list agents of a block with tags", blocks.agents.list, human.id, include=["agent.tags"], order="asc")
    await say("list agents of no block", blocks.agents.list, f"block-{UNKNOWN}")
    return first, second


async def make_conversations(talks: Any, first: Any) -> tuple[Any, Any, Any]:
    one = await say("make a conversation", talks.create, agent_id=first.id)
    two = await say("make another", talks.create, agent_id=first.id, summary="A walk in the park")
    settings = {"provider_type": "anthropic", "temperature": 0.5}
    three = await say(
        "make one with a model",
        talks.create,
        agent_id=first.id,
        summary="100 % done",
        model=MODEL,
        model_settings=settings,
    )
    await say("list conversations", talks.list, agent_id=first.id)
    await say("list them oldest first", talks.list, agent_id=first.id, order="asc", limit=2)
    await say("list the next page", talks.list, agent_id=first.id, order="asc", limit=2, after=two.id)
    await say("search them", talks.list, agent_id=first.id, summary_search="walk", order_by="last_message_at")
    await say("search them with a wildcard", talks.list, agent_id=first.id, summary_search="1%d")
    await say("read a conversation", talks.retrieve, one.id)
    await say("see how it came", talks.with_raw_response.retrieve, one.id, read=sent)
    await say("summarize it", talks.update, one.id, summary="Of Ada")
    await say("give it a model", talks.update, one.id, model=MODEL)
    return one, two, three


async def go_stale(client: Any, first: Any, human: Any, conversations: tuple[Any, Any, Any]) -> None:
    talks, blocks, agents = client.conversations, client.blocks, client.agents
    one, two, three = conversations
    await say("read its messages", talks.messages.list, one.id)
    await say("edit the shared block", blocks.update, human.id, value="Ada lives in Paris.")
    await say("its prompt is the old one", talks.messages.list, one.id)
    await say("recompile and keep nothing", talks.recompile, one.id, dry_run=True, read=decoded)
    await say("its prompt still is the old one", talks.messages.list, one.id, order="asc", limit=1)
    compaction = {
        "mode": "sliding_window",
        "model": "openai/gpt-4o-mini",
        "model_settings": {"provider_type": "openai", "reasoning": {"reasoning_effort": "low"}, "temperature": 0.2},
        "clip_chars": None,
        "sliding_window_percentage": 0.4,
    }
    await say("recompile with settings", talks.recompile, one.id, compaction_settings=compaction, read=decoded)
    await say("its prompt is the new one", talks.messages.list, one.id)
    await say("another's is the old one", talks.messages.list, two.id)
    await say("recompile with what nobody knows", talks.recompile, two.id, extra_body={"colour": "red"}, read=decoded)
    raw = talks.with_raw_response.recompile
    await say("see how a prompt came", raw, three.id, dry_run=True, read=sent)
    direct = {"agent_id": first.id}
    await say("change the system prompt", agents.update, first.id, system="You forget.")
    await say("try the agent's own prompt", talks.recompile, "default", dry_run=True, read=decoded, **direct)
    await say("recompile it and get the one before", talks.recompile, "default", read=decoded, **direct)
    await say("its own prompt is the new one", talks.messages.list, "default", **direct)
    await say("recompile by the agent's id", talks.recompile, first.id, read=decoded)
    await say("recompile the agent", agents.recompile, first.id, update_timestamp=True, read=decoded)
    await say("recompile the agent and keep nothing", agents.recompile, first.id, dry_run=True, read=decoded)


async def read_messages(talks: Any, second: Any) -> None:
    of_second = {"agent_id": second.id}
    own = await say("read an agent's own messages", talks.messages.list, "default", **of_second)
    await say("read the first two", talks.messages.list, "default", order="asc", limit=2, **of_second)
    await say("go through them by twos", talks.messages.list, "default", order="asc", limit=2, read=each, **of_second)
    fork = await say("fork an agent's own messages", talks.fork, "default", **of_second)
    await say("read the fork", talks.messages.list, fork.id, order="asc")
    await say("go through it by twos", talks.messages.list, fork.id, order="asc", limit=2, read=each)
    await say("go through it backwards", talks.messages.list, fork.id, limit=2, read=each)
    await say("read what came before", talks.messages.list, fork.id, before=own.items[-1].id)
    kinds = ["user_message"]
    await say("read one kind", talks.messages.list, fork.id, include_return_message_types=kinds)
    await say("an empty cursor is none", talks.messages.list, fork.id, after="", limit=1)
    again = await say("fork the fork", talks.fork, fork.id)
    await say("read it whole", talks.retrieve, again.id)


async def find_nothing(client: Any, one: Any, human: Any) -> None:
    talks, blocks, agents = client.conversations, client.blocks, client.agents
    await say("cancel what does not run", talks.cancel, one.id)
    await say("no such conversation", talks.retrieve, f"conv-{UNKNOWN}")
    await say("no such conversation to recompile", talks.recompile, f"conv-{UNKNOWN}")
    await say("default without an agent", talks.recompile, "default")
    await say("no such agent", agents.retrieve, f"agent-{UNKNOWN}")
    await say("no such agent to change", agents.update, f"agent-{UNKNOWN}", name="nobody")
    await say("no such agent to talk to", talks.create, agent_id=f"agent-{UNKNOWN}")
    await say("no such agent to recompile", talks.recompile, "default", agent_id=f"agent-{UNKNOWN}")
    await say("no such block", blocks.retrieve, f"block-{UNKNOWN}")
    await say("no such block to delete", blocks.delete, f"block-{UNKNOWN}")
    await say("no such path", client.get, "/v1/nowhere", cast_to=object)
    await say("no such method", client.put, f"/v1/blocks/{human.id}", cast_to=object)


async def be_refused(client: Any, token: str, first: Any, one: Any, both: tuple[Any, Any]) -> None:
    talks, blocks, agents = client.conversations, client.blocks, client.agents
    human, persona = both
    await say("a malformed agent", talks.recompile, "default", agent_id="agent-1")
    await say("a malformed conversation", talks.recompile, "conv-1")
    await say("a malformed block", blocks.retrieve, "block-1")
    await say("a malformed limit", talks.list, agent_id=first.id, limit="many")
    await say("a negative limit", talks.list, agent_id=first.id, limit=-1)
    await say("a wrong order", talks.list, agent_id=first.id, order="sideways")
    await say("a wrong mode", talks.recompile, one.id, compaction_settings={"mode": "some"})
    await say("no provider", talks.recompile, one.id, compaction_settings={"model_settings": {"temperature": 1}})
    wrong = {"mode": "all", "clip_chars": "few", "model_settings": {"provider_type": "groq", "temperature": "hot"}}
    await say("much wrong at once", talks.recompile, "conv-2", dry_run="perhaps", compaction_settings=wrong)
    await say("a wrong page", talks.list, agent_id=first.id, after=f"conv-{UNKNOWN}")
    await say("a block without a label", client.post, "/v1/blocks/", body={"value": "Ada"}, cast_to=object)
    await say("a model that is not there", agents.create, model="openai/gpt-0", include_base_tools=False, tags=[token])
    await say("attach the other block", agents.update, first.id, block_ids=[human.id, persona.id], read=lambda _: None)
    await say("a label twice", blocks.update, persona.id, label="human")


async def clear_up(
    client: Any, token: str, both: tuple[Any, Any], made: tuple[Any, Any], kept: tuple[Any, Any]
) -> None:
    talks, blocks, agents = client.conversations, client.blocks, client.agents
    (first, second), (one, two), (human, persona) = both, made, kept
    await say("delete a conversation", talks.delete, one.id)
    await say("it is gone", talks.retrieve, one.id)
    await say("it has no messages", talks.messages.list, one.id)
    await say("it cannot be deleted again", talks.delete, one.id)
    await say("the others are listed", talks.list, agent_id=first.id, order="asc")
    await say("delete a block in use", blocks.delete, persona.id)
    await say("recompile without it", talks.recompile, two.id, read=decoded)
    for agent in (first, second):
        await say("delete an agent", agents.delete, agent.id)
    await say("it is gone with its conversations", talks.retrieve, two.id)
    await say("the block is still there", blocks.retrieve, human.id)
    await say("delete it", blocks.delete, human.id)
    await say("no agents are left", agents.list, tags=[token], read=each)
    await say("no blocks are left", blocks.list, tags=[token], read=each)


async def talk(client: Any, token: str) -> None:
    """Talk to an agent: whole, streamed, in pieces, in the background; with a tool of this program, and in vain."""
    talks, messages, runs = client.conversations, client.agents.messages, client.runs
    agent = await say(
        "make an agent that talks",
        client.agents.create,
        name="talker",
        model=TALKING,
        embedding=MODEL,
        include_base_tools=False,
        system="You talk.",
        tags=[token],
        read=only_id,
    )
    agent_id = agent["id"]
    conversation = await say("make a conversation", talks.create, agent_id=agent_id, read=only_id)
    text = "!think because\n!say one two\n!usage 4 3"
    await say("a whole turn", messages.create, agent_id, input=text)
    await say("a stream", messages.stream, agent_id, input=text, read=events)
    pieces = {"stream_tokens": True, "include_pings": False}
    await say("a stream in pieces", messages.create, agent_id, input=text, streaming=True, **pieces, read=events)
    await say("a conversation streams", talks.messages.create, conversation["id"], input=text, read=events)
    found = await say(
        "in the background", messages.stream, agent_id, input=text, background=True, **pieces, read=events
    )
    run_id = found[0]["run_id"]
    await say("the run", runs.retrieve, run_id, read=lambda run: {"status": run.status, "reason": run.stop_reason})
    await say("again from the second event", runs.messages.stream, run_id, starting_after=2, read=events)
    await say("again by its conversation", talks.messages.stream, agent_id, run_id=run_id, read=events)
    await say("a failure", messages.create, agent_id, input="!status 429")
    await say("a failure in a stream", messages.stream, agent_id, input="!status 429", read=events)
    await say("a failure in the middle", messages.stream, agent_id, input="!words 5\n!error 3", **pieces, read=events)
    await call_a_tool(messages, agent_id, pieces)
    await say("messages", messages.list, agent_id, order="asc", read=each)
    await say("messages of the conversation", talks.messages.list, conversation["id"], order="asc", read=each)
    await say("nothing to cancel", talks.cancel, conversation["id"])
    await say("neither text nor messages", messages.create, agent_id)
    await say("delete the agent", client.agents.delete, agent_id)


async def call_a_tool(messages: Any, agent_id: str, pieces: dict[str, Any]) -> None:
    tool = {"name": "look_up", "parameters": {"type": "object", "properties": {"word": {"type": "string"}}}}
    text = '!call look_up {"word":"Ada"}\n!usage 4 3\n!then\n!say I see.\n!usage 5 2'
    found = await say(
        "a tool of the client", messages.stream, agent_id, input=text, client_tools=[tool], **pieces, read=events
    )
    call_id = found[0]["tool_call"]["tool_call_id"]
    await say("a message meanwhile", messages.create, agent_id, input="Well?")
    returned = {"type": "tool", "tool_call_id": call_id, "tool_return": "a name", "status": "success"}
    approval = {"type": "approval", "approvals": [returned]}
    await say("what it returned", messages.create, agent_id, messages=[approval], client_tools=[tool])


async def events(stream: Any) -> list[Any]:
    """Return the events of a stream, and with what it broke off."""
    found: list[Any] = []
    try:
        if isinstance(stream, AsyncIterable):
            async for event in stream:
                found.append(plain(event))
        else:
            found.extend(plain(event) for event in stream)
    except APIStatusError as error:
        found.append({"broke off": error.body})
    return found


GREET = '''def foreign_greet(who: str, times: int = 1) -> str:
    """Greet somebody.

    Args:
        who: Whom.
        times: How often.
    """
    return who * times
'''


async def tools(client: Any, token: str) -> None:
    """Create a tool, list it, change it, attach it, and fail."""
    calls, attached = client.tools, client.agents.tools
    tool = await say("make a tool", calls.create, source_code=GREET, tags=[token])
    await say("read it", calls.retrieve, tool.id)
    more = {"return_char_limit": 100, "pip_requirements": [{"name": "six"}], "default_requires_approval": True}
    await say("make it anew with more", calls.upsert, source_code=GREET, description="Greets", **more)
    name = tool.name
    await say("list it by name", calls.list, name=name, read=each)
    await say("list it by type", calls.list, names=[name, "memory"], tool_types=["custom"], read=each)
    await say("leave it out", calls.list, names=[name], exclude_tool_types=["custom"], read=each)
    await say("change it", calls.update, tool.id, description="New", metadata={"k": 1}, tags=[])
    await say("other source code", calls.update, tool.id, source_code="def other(): pass")
    agent = await say(
        "make an agent with it",
        client.agents.create,
        name="greeter",
        system="You greet.",
        compaction_settings={"prompt": "Sum up."},
        model=MODEL,
        embedding=MODEL,
        include_base_tools=False,
        tool_ids=[tool.id],
        tags=[token],
        read=only_id,
    )
    of = {"agent_id": agent["id"]}
    await say("its tools", attached.list, agent["id"], read=each)
    await say("the agent with its tools", client.agents.retrieve, agent["id"], include=["agent.tools"])
    await say("attach it again", attached.attach, tool.id, **of)
    for step in ("detach it", "detach it again"):
        await say(step, attached.detach, tool.id, **of)
    await say("the agent without tools", client.agents.retrieve, agent["id"], include=["agent.tools"])
    await say("attach nothing", attached.attach, f"tool-{UNKNOWN}", **of)
    await say("no docstring", calls.create, source_code="def foreign_greet(who: str):\n    return who\n")
    await say("search", calls.search, query="greet")
    for step in ("delete it", "delete it again"):
        await say(step, calls.delete, tool.id)
    await say("read it then", calls.retrieve, tool.id)
    await say("delete the agent", client.agents.delete, agent["id"])


async def key(client: Any, token: str) -> None:
    """Ask a server that wants a key, with the right one, with a wrong one and without any."""
    await say("with the key", client.blocks.list, tags=[token])
    await say("health with the key", client.health)
    for name, given in (("with a wrong key", "Bearer wrong"), ("without a key", Omit())):
        header = {"Authorization": given}
        await say(name, client.blocks.list, tags=[token], extra_headers=header)
        await say(f"recompile {name}", client.conversations.recompile, f"conv-{UNKNOWN}", extra_headers=header)
        await say(f"health {name}", client.health, extra_headers=header)


if __name__ == "__main__":
    tell(memory, talk, tools, key)

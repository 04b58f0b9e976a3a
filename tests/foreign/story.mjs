// The stories of blocks, agents, conversations, turns and tools, as the official TypeScript client tells them.

import { Letta, MODEL, TALKING, UNKNOWN, each, nothing, onlyId, say, sent, tell } from "./steps.mjs";

async function memory(client, token) {
  await say("health", client.health());
  const [human, persona] = await makeBlocks(client, [token]);
  const [first, second] = await makeAgents(client, [token], human);
  const [one, two, three] = await makeConversations(client, first);
  await goStale(client, first, human, [one, two, three]);
  await readMessages(client, second);
  await findNothing(client, one, human);
  await beRefused(client, [token], first, one, [human, persona]);
  await clearUp(client, [token], [first, second], [one, two], [human, persona]);
}

async function makeBlocks({ blocks }, tags) {
  const human = await say(
    "make a block",
    blocks.create({ label: "human", value: "Ada lives in London.", description: "A user", tags }),
  );
  const persona = await say(
    "make a block by little",
    blocks.create({ label: "persona", value: "Terse, «très» 🙂.", limit: 500 }),
  );
  await say("read it", blocks.retrieve(persona.id));
  const both = [...tags, "foreign"];
  await say("tag it", blocks.update(persona.id, { tags: both, metadata: { deep: { a: [1, 2.5, null] } } }));
  await say("list blocks", blocks.list({ tags }));
  await say("list blocks with both tags", blocks.list({ tags: both, match_all_tags: true }));
  await say("list blocks backwards", blocks.list({ tags, order: "desc", limit: 1 }));
  await say("go through blocks one by one", blocks.list({ tags, limit: 1 }), each);
  await say("list blocks by label", blocks.list({ tags, label: "human" }), each);
  return [human, persona];
}

async function makeAgents({ agents, blocks }, tags, human) {
  const common = { model: MODEL, embedding: MODEL, include_base_tools: false, tags };
  const first = await say(
    "make an agent",
    agents.create({
      name: "first",
      system: "You remember.",
      block_ids: [human.id],
      compaction_settings: { mode: "all", prompt: "Sum up.", clip_chars: null },
      ...common,
    }),
  );
  const second = await say(
    "make another that talks",
    agents.create({
      name: "second",
      system: "Before {CORE_MEMORY} after.",
      block_ids: [human.id],
      timezone: "Asia/Tokyo",
      metadata: { number: 7 },
      initial_message_sequence: [
        { role: "user", content: "Hello" },
        { role: "assistant", content: "Good day" },
        { role: "user", content: "Bye" },
      ],
      compaction_settings: { prompt: "Sum up." },
      ...common,
    }),
  );
  await say("read it without relations", agents.retrieve(first.id));
  await say("read it with its blocks", agents.retrieve(first.id, { include: ["agent.blocks"] }));
  await say("rename it", agents.update(first.id, { name: "renamed", description: "Knows Ada" }));
  await say("list agents", agents.list({ tags }));
  const oldest = { tags, order: "asc", limit: 1 };
  await say("list agents oldest first", agents.list({ ...oldest, include: ["agent.tags"] }));
  await say("go through agents one by one", agents.list(oldest), each);
  await say("list agents by name", agents.list({ tags, name: "second" }));
  await say("list agents of a block", blocks.agents.list(human.id));
  const tagged = { include: ["agent.tags"], order: "asc" };
  await say("list agents of a block with tags", blocks.agents.list(human.id, tagged));
  await say("list agents of no block", blocks.agents.list(`block-${UNKNOWN}`));
  return [first, second];
}

async function makeConversations({ conversations: talks }, first) {
  const of = { agent_id: first.id };
  const one = await say("make a conversation", talks.create(of));
  const two = await say("make another", talks.create({ ...of, summary: "A walk in the park" }));
  const model_settings = { provider_type: "anthropic", temperature: 0.5 };
  const three = await say(
    "make one with a model",
    talks.create({ ...of, summary: "100 % done", model: MODEL, model_settings }),
  );
  await say("list conversations", talks.list(of));
  await say("list them oldest first", talks.list({ ...of, order: "asc", limit: 2 }));
  await say("list the next page", talks.list({ ...of, order: "asc", limit: 2, after: two.id }));
  await say("search them", talks.list({ ...of, summary_search: "walk", order_by: "last_message_at" }));
  await say("search them with a wildcard", talks.list({ ...of, summary_search: "1%d" }));
  await say("read a conversation", talks.retrieve(one.id));
  await say("see how it came", talks.retrieve(one.id), sent);
  await say("summarize it", talks.update(one.id, { summary: "Of Ada" }));
  await say("give it a model", talks.update(one.id, { model: MODEL }));
  return [one, two, three];
}

async function goStale({ conversations: talks, blocks, agents }, first, human, [one, two, three]) {
  const of = { agent_id: first.id };
  await say("read its messages", talks.messages.list(one.id));
  await say("edit the shared block", blocks.update(human.id, { value: "Ada lives in Paris." }));
  await say("its prompt is the old one", talks.messages.list(one.id));
  await say("recompile and keep nothing", talks.recompile(one.id, { dry_run: true }));
  await say("its prompt still is the old one", talks.messages.list(one.id, { order: "asc", limit: 1 }));
  const compaction_settings = {
    mode: "sliding_window",
    model: "openai/gpt-4o-mini",
    model_settings: { provider_type: "openai", reasoning: { reasoning_effort: "low" }, temperature: 0.2 },
    clip_chars: null,
    sliding_window_percentage: 0.4,
  };
  await say("recompile with settings", talks.recompile(one.id, { compaction_settings }));
  await say("its prompt is the new one", talks.messages.list(one.id));
  await say("another's is the old one", talks.messages.list(two.id));
  await say("recompile with what nobody knows", talks.recompile(two.id, { colour: "red" }));
  await say("see how a prompt came", talks.recompile(three.id, { dry_run: true }), sent);
  await say("change the system prompt", agents.update(first.id, { system: "You forget." }));
  await say("try the agent's own prompt", talks.recompile("default", { ...of, dry_run: true }));
  await say("recompile it and get the one before", talks.recompile("default", of));
  await say("its own prompt is the new one", talks.messages.list("default", of));
  await say("recompile by the agent's id", talks.recompile(first.id));
  await say("recompile the agent", agents.recompile(first.id, { update_timestamp: true }));
  await say("recompile the agent and keep nothing", agents.recompile(first.id, { dry_run: true }));
}

async function readMessages({ conversations: talks }, second) {
  const own = { agent_id: second.id };
  const twos = { order: "asc", limit: 2 };
  const messages = await say("read an agent's own messages", talks.messages.list("default", own));
  await say("read the first two", talks.messages.list("default", { ...own, ...twos }));
  await say("go through them by twos", talks.messages.list("default", { ...own, ...twos }), each);
  const fork = await say("fork an agent's own messages", talks.fork("default", own));
  await say("read the fork", talks.messages.list(fork.id, { order: "asc" }));
  await say("go through it by twos", talks.messages.list(fork.id, twos), each);
  await say("go through it backwards", talks.messages.list(fork.id, { limit: 2 }), each);
  await say("read what came before", talks.messages.list(fork.id, { before: messages.items.at(-1).id }));
  const include_return_message_types = ["user_message"];
  await say("read one kind", talks.messages.list(fork.id, { include_return_message_types }));
  await say("an empty cursor is none", talks.messages.list(fork.id, { after: "", limit: 1 }));
  const again = await say("fork the fork", talks.fork(fork.id));
  await say("read it whole", talks.retrieve(again.id));
}

async function findNothing(client, one, human) {
  const { conversations: talks, blocks, agents } = client;
  await say("cancel what does not run", talks.cancel(one.id));
  await say("no such conversation", talks.retrieve(`conv-${UNKNOWN}`));
  await say("no such conversation to recompile", talks.recompile(`conv-${UNKNOWN}`));
  await say("default without an agent", talks.recompile("default"));
  await say("no such agent", agents.retrieve(`agent-${UNKNOWN}`));
  await say("no such agent to change", agents.update(`agent-${UNKNOWN}`, { name: "nobody" }));
  await say("no such agent to talk to", talks.create({ agent_id: `agent-${UNKNOWN}` }));
  await say("no such agent to recompile", talks.recompile("default", { agent_id: `agent-${UNKNOWN}` }));
  await say("no such block", blocks.retrieve(`block-${UNKNOWN}`));
  await say("no such block to delete", blocks.delete(`block-${UNKNOWN}`));
  await say("no such path", client.get("/v1/nowhere"));
  await say("no such method", client.put(`/v1/blocks/${human.id}`));
}

async function beRefused(client, tags, first, one, [human, persona]) {
  const { conversations: talks, blocks, agents } = client;
  const of = { agent_id: first.id };
  await say("a malformed agent", talks.recompile("default", { agent_id: "agent-1" }));
  await say("a malformed conversation", talks.recompile("conv-1"));
  await say("a malformed block", blocks.retrieve("block-1"));
  await say("a malformed limit", talks.list({ ...of, limit: "many" }));
  await say("a negative limit", talks.list({ ...of, limit: -1 }));
  await say("a wrong order", talks.list({ ...of, order: "sideways" }));
  await say("a wrong mode", talks.recompile(one.id, { compaction_settings: { mode: "some" } }));
  const unnamed = { model_settings: { temperature: 1 } };
  await say("no provider", talks.recompile(one.id, { compaction_settings: unnamed }));
  const wrong = { mode: "all", clip_chars: "few", model_settings: { provider_type: "groq", temperature: "hot" } };
  await say("much wrong at once", talks.recompile("conv-2", { dry_run: "perhaps", compaction_settings: wrong }));
  await say("a wrong page", talks.list({ ...of, after: `conv-${UNKNOWN}` }));
  await say("a block without a label", client.post("/v1/blocks/", { body: { value: "Ada" } }));
  await say("a model that is not there", agents.create({ model: "openai/gpt-0", include_base_tools: false, tags }));
  await say("attach the other block", agents.update(first.id, { block_ids: [human.id, persona.id] }), nothing);
  await say("a label twice", blocks.update(persona.id, { label: "human" }));
}

async function clearUp({ conversations: talks, blocks, agents }, tags, [first, second], [one, two], [human, persona]) {
  const of = { agent_id: first.id };
  await say("delete a conversation", talks.delete(one.id));
  await say("it is gone", talks.retrieve(one.id));
  await say("it has no messages", talks.messages.list(one.id));
  await say("it cannot be deleted again", talks.delete(one.id));
  await say("the others are listed", talks.list({ ...of, order: "asc" }));
  await say("delete a block in use", blocks.delete(persona.id));
  await say("recompile without it", talks.recompile(two.id));
  for (const agent of [first, second]) await say("delete an agent", agents.delete(agent.id));
  await say("it is gone with its conversations", talks.retrieve(two.id));
  await say("the block is still there", blocks.retrieve(human.id));
  await say("delete it", blocks.delete(human.id));
  await say("no agents are left", agents.list({ tags }), each);
  await say("no blocks are left", blocks.list({ tags }), each);
}

async function talk(client, token) {
  const { conversations: talks, runs } = client;
  const { messages } = client.agents;
  const agent = await say(
    "make an agent that talks",
    client.agents.create({
      name: "talker",
      model: TALKING,
      embedding: MODEL,
      include_base_tools: false,
      system: "You talk.",
      tags: [token],
    }),
    onlyId,
  );
  const conversation = await say("make a conversation", talks.create({ agent_id: agent.id }), onlyId);
  const input = "!think because\n!say one two\n!usage 4 3";
  await say("a whole turn", messages.create(agent.id, { input }));
  await say("a stream", messages.stream(agent.id, { input }), events);
  const pieces = { stream_tokens: true, include_pings: false };
  await say("a stream in pieces", messages.create(agent.id, { input, streaming: true, ...pieces }), events);
  await say("a conversation streams", talks.messages.create(conversation.id, { input }), events);
  const background = { input, background: true, ...pieces };
  const [{ run_id }] = await say("in the background", messages.stream(agent.id, background), events);
  await say("the run", runs.retrieve(run_id), async (call) => {
    const run = await call;
    return { status: run.status, reason: run.stop_reason };
  });
  await say("again from the second event", runs.messages.stream(run_id, { starting_after: 2 }), events);
  await say("again by its conversation", talks.messages.stream(agent.id, { run_id }), events);
  const failing = { input: "!status 429" };
  await say("a failure", messages.create(agent.id, failing));
  await say("a failure in a stream", messages.stream(agent.id, failing), events);
  const broken = { input: "!words 5\n!error 3", ...pieces };
  await say("a failure in the middle", messages.stream(agent.id, broken), events);
  await callATool(messages, agent.id, pieces);
  await say("messages", messages.list(agent.id, { order: "asc" }), each);
  await say("messages of the conversation", talks.messages.list(conversation.id, { order: "asc" }), each);
  await say("nothing to cancel", talks.cancel(conversation.id));
  await say("neither text nor messages", messages.create(agent.id, {}));
  await say("delete the agent", client.agents.delete(agent.id));
}

async function callATool(messages, agentId, pieces) {
  const parameters = { type: "object", properties: { word: { type: "string" } } };
  const client_tools = [{ name: "look_up", parameters }];
  const input = '!call look_up {"word":"Ada"}\n!usage 4 3\n!then\n!say I see.\n!usage 5 2';
  const asked = { input, client_tools, ...pieces };
  const [{ tool_call }] = await say("a tool of the client", messages.stream(agentId, asked), events);
  await say("a message meanwhile", messages.create(agentId, { input: "Well?" }));
  const { tool_call_id } = tool_call;
  const returned = { type: "tool", tool_call_id, tool_return: "a name", status: "success" };
  const approval = { type: "approval", approvals: [returned] };
  await say("what it returned", messages.create(agentId, { messages: [approval], client_tools }));
}

/** Return the events of a stream, and with what it broke off. */
async function events(call) {
  const found = [];
  try {
    for await (const event of await call) found.push(event);
  } catch (error) {
    if (found.length === 0 || !(error instanceof Letta.APIError)) throw error;
    found.push({ "broke off": error.error });
  }
  return found;
}

const GREET = `def foreign_greet(who: str, times: int = 1) -> str:
    """Greet somebody.

    Args:
        who: Whom.
        times: How often.
    """
    return who * times
`;

async function tools(client, token) {
  const calls = client.tools;
  const attached = client.agents.tools;
  const tool = await say("make a tool", calls.create({ source_code: GREET, tags: [token] }));
  const { id, name } = tool;
  await say("read it", calls.retrieve(id));
  const more = { return_char_limit: 100, pip_requirements: [{ name: "six" }], default_requires_approval: true };
  await say("make it anew with more", calls.upsert({ source_code: GREET, description: "Greets", ...more }));
  await say("list it by name", calls.list({ name }), each);
  await say("list it by type", calls.list({ names: [name, "memory"], tool_types: ["custom"] }), each);
  await say("leave it out", calls.list({ names: [name], exclude_tool_types: ["custom"] }), each);
  await say("change it", calls.update(id, { description: "New", metadata_: { k: 1 }, tags: [] }));
  await say("other source code", calls.update(id, { source_code: "def other(): pass" }));
  const described = { name: "greeter", system: "You greet.", compaction_settings: { prompt: "Sum up." } };
  const common = { model: MODEL, embedding: MODEL, include_base_tools: false };
  const made = client.agents.create({ ...described, ...common, tool_ids: [id], tags: [token] });
  const agent = await say("make an agent with it", made, onlyId);
  const of = { agent_id: agent.id };
  await say("its tools", attached.list(agent.id), each);
  await say("the agent with its tools", client.agents.retrieve(agent.id, { include: ["agent.tools"] }));
  await say("attach it again", attached.attach(id, of));
  for (const step of ["detach it", "detach it again"]) await say(step, attached.detach(id, of));
  await say("the agent without tools", client.agents.retrieve(agent.id, { include: ["agent.tools"] }));
  await say("attach nothing", attached.attach(`tool-${UNKNOWN}`, of));
  await say("no docstring", calls.create({ source_code: "def foreign_greet(who: str):\n    return who\n" }));
  await say("search", calls.search({ query: "greet" }));
  for (const step of ["delete it", "delete it again"]) await say(step, calls.delete(id));
  await say("read it then", calls.retrieve(id));
  await say("delete the agent", client.agents.delete(agent.id));
}

async function key(client, token) {
  await say("with the key", client.blocks.list({ tags: [token] }));
  await say("health with the key", client.health());
  for (const [name, given] of [["with a wrong key", "Bearer wrong"], ["without a key", null]]) {
    const options = { headers: { Authorization: given } };
    await say(name, client.blocks.list({ tags: [token] }, options));
    await say(`recompile ${name}`, client.conversations.recompile(`conv-${UNKNOWN}`, {}, options));
    await say(`health ${name}`, client.health(options));
  }
}

await tell({ memory, talk, tools, key });

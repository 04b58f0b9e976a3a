// The stories of folders with files, and of archives with passages, as the official TypeScript client tells them.

import { EMBEDDING, MODEL, UNKNOWN, each, nothing, onlyId, say, tell, toFile } from "./steps.mjs";

const COMMON = { model: MODEL, embedding: EMBEDDING, include_base_tools: false };
const NOTES = "Ada wrote notes.\nLovelace ✓\n";

async function folders(client, token) {
  const { agents, folders: calls } = client;
  const folder = await makeAFolder(calls, token);
  const [notes, other] = await uploadFiles(client, folder);
  const agent = await say("make an agent", agents.create({ name: "reader", system: "Read.", ...COMMON }), onlyId);
  await useInAnAgent(client, agent.id, folder, notes, other);
  await say("delete a file", calls.files.delete(other.id, { folder_id: folder.id }));
  await say("delete it again", calls.files.delete(other.id, { folder_id: folder.id }));
  await say("the agent's files", agents.files.list(agent.id), byName);
  await say("detach the folder", agents.folders.detach(folder.id, { agent_id: agent.id }));
  await say("the folders of the agent", agents.folders.list(agent.id), each);
  await say("the agent's files are gone", agents.files.list(agent.id), byName);
  await say("the agents of the folder", calls.agents.list(folder.id));
  await say("the agent's tools are gone", agents.tools.list(agent.id), each);
  for (const step of ["delete the folder", "delete the folder again"]) await say(step, calls.delete(folder.id));
  await say("read the folder then", calls.retrieve(folder.id));
  await say("list its files then", calls.files.list(folder.id), each);
  await say("delete the agent", agents.delete(agent.id));
}

async function makeAFolder(calls, name) {
  const [embedding, second] = [EMBEDDING, `${name} 2`];
  const more = { description: "D", instructions: "Look here.", metadata: { a: [1, { b: null }] } };
  const folder = await say("make a folder", calls.create({ name, embedding, ...more }));
  await say("make another of its name", calls.create({ name, embedding }));
  await say("make one without embedding", calls.create({ name: second }));
  await say("make one of what is not there", calls.create({ name: second, embedding: "no/such" }));
  const chunks = { embedding_chunk_size: 50 };
  const small = await say("make one of small chunks", calls.create({ name: second, embedding, ...chunks }));
  await say("read it", calls.retrieve(folder.id));
  await say("change it", calls.update(folder.id, { description: "New", metadata: { b: 2 } }));
  await say("change it to the other's name", calls.update(folder.id, { name: second }));
  await say("list them", calls.list({ name }), each);
  await say("go through them one by one", calls.list({ name, order: "desc", limit: 1 }), each);
  await say("list after one", calls.list({ name, after: folder.id }));
  await say("list after nothing", calls.list({ after: `source-${UNKNOWN}` }));
  await say("delete the other", calls.delete(small.id));
  await say("no such folder", calls.retrieve(`source-${UNKNOWN}`));
  await say("a malformed folder", calls.retrieve("folder-1"));
  return folder;
}

async function uploadFiles(client, { id: folder_id }) {
  const { files } = client.folders;
  const of = { folder_id };
  const upload = async (text, name, more = {}, id = folder_id) =>
    files.upload(id, { file: await toFile(Buffer.from(text), name), ...more });
  const notes = await say("upload a file", upload(NOTES, "notes.txt"));
  await processed(files, notes.id, folder_id);
  await say("it is processed", files.retrieve(notes.id, of));
  await say("read it with its content", files.retrieve(notes.id, { include_content: true, ...of }));
  await say("upload it if there is none", upload("again", "notes.txt", { duplicate_handling: "error" }));
  await say("upload it, or leave it", upload("again", "notes.txt", { duplicate_handling: "skip" }));
  const other = await say("upload one of its name", upload("# Other\n", "notes.txt"));
  await processed(files, other.id, folder_id);
  const name = "sub/named.md";
  const named = await say("by another name", upload("Named ✓", "x.md", { name }));
  await processed(files, named.id, folder_id);
  const fresh = await say("replace it", upload("New", "x.md", { duplicate_handling: "replace", name }));
  await processed(files, fresh.id, folder_id);
  await say("what no one reads", upload("\x00\x01", "a.bin"));
  await say("to no folder", upload("again", "notes.txt", {}, `source-${UNKNOWN}`));
  await say("list the files", files.list(folder_id, { order: "asc", include_content: true }), each);
  await say("go through the files one by one", files.list(folder_id, { limit: 1 }), each);
  await say("list the files after one", files.list(folder_id, { after: notes.id, order: "asc", limit: 1 }));
  await say("list the files after nothing", files.list(folder_id, { after: `file-${UNKNOWN}` }));
  await say("the files of no folder", files.list(`source-${UNKNOWN}`));
  await say("in another folder", files.retrieve(notes.id, { folder_id: `source-${UNKNOWN}` }));
  await say("delete the new one", files.delete(fresh.id, of));
  await say("the pieces of the others", client.get(`/v1/folders/${folder_id}/passages`));
  return [notes, other];
}

/** Wait until a file is processed. */
async function processed(files, id, folder_id) {
  for (let count = 0; count < 300; count += 1) {
    const file = await files.retrieve(id, { folder_id });
    if (["completed", "error"].includes(file.processing_status)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(id);
}

/** Go through files of an agent, which the real server lists in any order. */
async function byName(pages) {
  return (await each(pages)).sort((one, two) => (one.file_name < two.file_name ? -1 : 1));
}

async function useInAnAgent({ agents, folders: calls }, agent_id, folder, notes, other) {
  const { folders: attached, files } = agents;
  const of = { agent_id };
  for (const step of ["attach the folder", "attach it again"]) await say(step, attached.attach(folder.id, of));
  await say("its folders", attached.list(agent_id), each);
  await say("its agents", calls.agents.list(folder.id));
  await say("its files", files.list(agent_id), byName);
  await say("close one", files.close(notes.id, of));
  await say("the open ones", files.list(agent_id, { is_open: true }), byName);
  await say("the closed ones", files.list(agent_id, { is_open: false }), byName);
  await say("open it", files.open(notes.id, of));
  await say("close all", files.closeAll(agent_id), async (call) => (await call).sort());
  await say("open the other", files.open(other.id, of));
  await say("go through them", files.list(agent_id, { limit: 1 }), byName);
  await say("open no file", files.open(`file-${UNKNOWN}`, of));
  await say("close no file", files.close(`file-${UNKNOWN}`, of));
  await say("close the files of no agent", files.closeAll(`agent-${UNKNOWN}`));
  await say("attach no folder", attached.attach(`source-${UNKNOWN}`, of));
  await say("attach to no agent", attached.attach(folder.id, { agent_id: `agent-${UNKNOWN}` }));
  await say("the folders of no agent", attached.list(`agent-${UNKNOWN}`));
  const file = await toFile(Buffer.from("B"), "b.txt");
  const added = await say("upload while attached", calls.files.upload(folder.id, { file }));
  await processed(calls.files, added.id, folder.id);
  await say("it is there", files.list(agent_id), byName);
}

async function passages(client, token) {
  const { agents, archives: calls } = client;
  const [archive, other] = await makeArchives(calls, token);
  const cat = await fill(calls, archive, other);
  const agent = await say("make an agent", agents.create({ name: "knower", system: "Know.", ...COMMON }), onlyId);
  const of = { agent_id: agent.id };
  await say("attach the archive", agents.archives.attach(archive.id, of));
  await say("attach another", agents.archives.attach(other.id, of), nothing);
  await say("attach none", agents.archives.attach(`archive-${UNKNOWN}`, of));
  await say("the archive of the agent", calls.list(of), each);
  await remember(agents.passages, agent.id);
  await search(client, of, archive);
  for (const step of ["forget", "forget again"]) await say(step, agents.passages.delete(cat.id, of));
  await say("detach the archive", agents.archives.detach(archive.id, of));
  await say("nothing is left", agents.passages.list(agent.id));
  await say("remember for itself", agents.passages.create(agent.id, { text: "Own" }));
  const own = await say("it has an archive of its own", calls.list(of), each);
  await say("delete the agent", agents.delete(agent.id));
  for (const made of [archive, other, ...own]) await say("delete an archive", calls.delete(made.id));
  await say("delete it again", calls.delete(archive.id));
  await say("read it then", calls.retrieve(archive.id));
}

async function makeArchives(calls, name) {
  const second = `${name} 2`;
  const archive = await say("make an archive", calls.create({ name, description: "D", embedding: EMBEDDING }));
  const other = await say("make one by little", calls.create({ name: second }));
  await say("make one of what is not there", calls.create({ name, embedding: "no/such" }));
  await say("read it", calls.retrieve(archive.id));
  await say("change it", calls.update(archive.id, { description: "New" }));
  await say("list them by name", calls.list({ name }), each);
  await say("list them after one", calls.list({ name: second, order: "asc", after: archive.id, limit: 1 }));
  await say("list after nothing", calls.list({ after: `archive-${UNKNOWN}` }));
  await say("no such archive", calls.retrieve(`archive-${UNKNOWN}`));
  await say("a malformed archive", calls.retrieve("archive-1"));
  return [archive, other];
}

async function fill({ passages: calls }, archive, other) {
  const more = { tags: ["pets", "home"], metadata: { k: [1] }, created_at: "2024-01-02T03:04:05+02:00" };
  const cat = await say("add a passage", calls.create(archive.id, { text: "The cat sat", ...more }));
  await say("add one at no time", calls.create(archive.id, { text: "x", created_at: "yesterday" }));
  const two = [{ text: "A dog", tags: ["pets"] }, { text: "" }];
  await say("add two", calls.createMany(archive.id, { passages: two }));
  await say("add none", calls.createMany(archive.id, { passages: [] }));
  const gone = await say("add to one without embedding", calls.create(other.id, { text: "Words ✓" }));
  await say("add to no archive", calls.create(`archive-${UNKNOWN}`, { text: "x" }));
  await say("delete from another", calls.delete(gone.id, { archive_id: archive.id }));
  for (const step of ["delete it", "delete it again"]) await say(step, calls.delete(gone.id, { archive_id: other.id }));
  return cat;
}

async function remember(calls, id) {
  const tags = ["b", "a", "b"];
  const [made] = await say("remember", calls.create(id, { text: "Cats and dogs", tags }));
  await say("remember the past", calls.create(id, { text: "Old", created_at: "2020-01-01T00:00:00Z" }));
  await say("no agent remembers", calls.create(`agent-${UNKNOWN}`, { text: "x" }));
  await say("list by words", calls.list(id, { search: "CAT" }));
  await say("list the newest", calls.list(id, { ascending: false, limit: 1 }));
  await say("list what came before", calls.list(id, { before: made.id, limit: 2 }));
  await say("list after nothing", calls.list(id, { after: `passage-${UNKNOWN}` }));
  await say("what no agent remembers", calls.list(`agent-${UNKNOWN}`));
}

async function search(client, { agent_id }, { id: archive_id }) {
  const calls = client.agents.passages;
  await say("search", calls.search(agent_id, { query: "The cat sat", top_k: 1 }));
  const both = { tags: ["pets", "home"], tag_match_mode: "all" };
  await say("search with tags", calls.search(agent_id, { query: "cat", ...both }));
  await say("search until", calls.search(agent_id, { query: "cat", end_datetime: "2021-01-01T00:00:00Z" }));
  await say("search with nothing", calls.search(agent_id, { query: " " }));
  await say("no agent searches", calls.search(`agent-${UNKNOWN}`, { query: "cat" }));
  const every = (body) => client.passages.search(body);
  await say("search the archive", every({ archive_id, query: "A dog", limit: 1 }));
  await say("search the archive by tags", every({ archive_id, tags: ["home", "a"] }));
  await say("search what is the agent's", every({ agent_id, query: "Old", limit: 1 }));
  await say("search since", every({ agent_id, end_date: "2024-06-01T00:00:00Z" }));
  await say("search no archive", every({ archive_id: `archive-${UNKNOWN}`, query: "cat" }));
  await say("search no agent", every({ agent_id: `agent-${UNKNOWN}` }));
  await say("search too much", every({ archive_id, limit: 101 }));
}

await tell({ folders, passages });

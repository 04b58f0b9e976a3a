// What all stories are told with: the official TypeScript client, a step at a time, each a line of JSON.
// `node STORIES STORY TOKEN URL [KEY]`, in a folder with that client. It does what `steps.py` does with the Python one.

import { pathToFileURL } from "node:url";

const installed = new URL("node_modules/@letta-ai/letta-client/index.mjs", pathToFileURL(`${process.cwd()}/`));
export const { Letta, toFile } = await import(installed);

export const MODEL = "letta/letta-free";
export const TALKING = "openai-proxy/gpt-4o-mini";
export const EMBEDDING = "openai/text-embedding-3-small";
export const UNKNOWN = "123e4567-e89b-42d3-8456-426614174000";

/** Wait for a call and print what came of it; `read` makes something of the call. */
export async function say(step, call, read = (answer) => answer) {
  try {
    const answer = await read(call);
    console.log(JSON.stringify({ step, answer: answer?.items ?? answer ?? null }));
    return answer;
  } catch (error) {
    if (!(error instanceof Letta.APIError) || error.status === undefined) throw error;
    // What has no class of its own is an APIStatusError in Python.
    const name = error.constructor === Letta.APIError ? "APIStatusError" : error.constructor.name;
    console.log(JSON.stringify({ step, error: name, status: error.status, body: error.error }));
  }
}

/** Go through a list, page by page. */
export async function each(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

/** Return the id of what was made. */
export async function onlyId(call) {
  return { id: (await call).id };
}

/** Tell how an answer came. */
export async function sent(call) {
  const response = await call.asResponse();
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
}

export async function nothing(call) {
  await call;
}

/** Tell the story that the command line names. */
export async function tell(stories) {
  const [story, token, baseURL, apiKey = null] = process.argv.slice(2);
  await stories[story](new Letta({ baseURL, apiKey, maxRetries: 0 }), token);
}

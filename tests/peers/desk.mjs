// The tools of a server that talks back: it asks its client, announces changes, logs, can be
// cancelled, and drops its own streams. The same in both eras, and the same as in desk.py.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { acceptedContent, createRequestStateCodec, fromJsonSchema, inputRequired } from '@modelcontextprotocol/server';

export const BOARD = 'desk://board';

const said = text => ({ content: [{ type: 'text', text }] });
const object = (properties = {}) => ({ type: 'object', properties, required: Object.keys(properties) });
const string = { type: 'string' };
const form = object({ name: string });

const state = createRequestStateCodec({ key: randomBytes(32), ttlSeconds: 600 });

/// What a server must be made with to hold these tools.
export const options = {
  capabilities: { logging: {}, prompts: {}, resources: { subscribe: true, listChanged: true }, tools: { listChanged: true } },
  requestState: { verify: state.verify },
};

// What the server saw that no answer tells, for `witness`.
const notes = [];

const isModern = ctx => ctx.mcpReq.envelope !== undefined;
const sampling = question => ({ messages: [{ role: 'user', content: { type: 'text', text: question } }], maxTokens: 20 });
const textOf = answer => [answer.content].flat()[0].text;
const progress = (ctx, done) =>
  ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken: ctx.mcpReq._meta?.progressToken ?? 0, progress: done } });

async function askUser({ message }, ctx) {
  if (!isModern(ctx)) {
    const answer = await ctx.mcpReq.send({ method: 'elicitation/create', params: { message, requestedSchema: form } });
    return said(`${answer.action}: ${answer.content?.name}`);
  }
  const name = acceptedContent(ctx.mcpReq.inputResponses, 'who')?.name;
  if (name && ctx.mcpReq.requestState()?.message === message) return said(`accept: ${name}`);
  return inputRequired({
    inputRequests: { who: inputRequired.elicit({ message, requestedSchema: form }) },
    requestState: await state.mint({ message }, ctx),
  });
}

async function askModel({ question }, ctx) {
  if (!isModern(ctx)) {
    return said(textOf(await ctx.mcpReq.send({ method: 'sampling/createMessage', params: sampling(question) })));
  }
  const answer = ctx.mcpReq.inputResponses?.answer;
  return answer ? said(textOf(answer)) : inputRequired({ inputRequests: { answer: inputRequired.createMessage(sampling(question)) } });
}

async function askRoots(_, ctx) {
  const answer = isModern(ctx) ? ctx.mcpReq.inputResponses?.roots : await ctx.mcpReq.send({ method: 'roots/list' });
  return answer ? said(answer.roots.map(root => root.uri).join(' ')) : inputRequired({ inputRequests: { roots: inputRequired.listRoots() } });
}

/// Asks outside of any call's stream: the request takes the session's own stream.
const askAside = it => async ({ message }) => {
  const answer = await it.server.elicitInput({ message, requestedSchema: form });
  return said(`${answer.action}: ${answer.content?.name}`);
};

async function wait({ tag }, ctx) {
  await progress(ctx, 1);
  await new Promise(resolve => ctx.mcpReq.signal.addEventListener('abort', resolve));
  notes.push(`cancelled ${tag}`);
  return said('never read');
}

const witness = () => said(notes.join('; '));

async function chatter(_, ctx) {
  for (const level of ['debug', 'info', 'error']) await ctx.mcpReq.log(level, `${level} words`);
  return said('logged');
}

/// Drops the connection of its own call; the answer waits for whoever takes the stream up again.
async function drop(_, ctx) {
  ctx.http?.closeSSE?.();
  await sleep(50);
  return said('answered after the drop');
}

/// Puts the tools on `it`. `subscribed` holds the URIs of a session, `bell` announces to listeners.
export function furnish(it, subscribed, bell) {
  const touch = async () => {
    bell().resourceUpdated(BOARD);
    if (subscribed.has(BOARD)) await it.server.sendResourceUpdated({ uri: BOARD });
    return said('touched');
  };
  const grow = async (_, ctx) => {
    bell().toolsChanged();
    if (!isModern(ctx)) await it.server.sendToolListChanged();
    return said('grown');
  };
  const tools = {
    ask_aside: [object({ message: string }), askAside(it)],
    ask_model: [object({ question: string }), askModel],
    ask_roots: [object(), askRoots],
    ask_user: [object({ message: string }), askUser],
    chatter: [object(), chatter],
    drop: [object(), drop],
    grow: [object(), grow],
    touch: [object(), touch],
    wait: [object({ tag: string }), wait],
    witness: [object(), witness],
  };
  for (const [name, [schema, call]] of Object.entries(tools)) {
    it.registerTool(name, { description: `The desk's ${name}`, inputSchema: fromJsonSchema(schema) }, async (args, ctx) => call(args, ctx));
  }
  it.registerResource('board', BOARD, { mimeType: 'text/plain' }, () => ({ contents: [{ uri: BOARD, mimeType: 'text/plain', text: 'The board' }] }));
  it.registerPrompt('greet', { description: 'Greets' }, () => ({ messages: [{ role: 'user', content: { type: 'text', text: 'Good day' } }] }));
  it.server.setRequestHandler('resources/subscribe', ({ params }) => (subscribed.add(params.uri), {}));
  it.server.setRequestHandler('resources/unsubscribe', ({ params }) => (subscribed.delete(params.uri), {}));
}

/// Keeps the events of a session, so that its streams can be taken up again.
export class Events {
  #log = [];
  async storeEvent(stream, message) {
    this.#log.push({ stream, message });
    return `${stream}/${this.#log.length - 1}`;
  }
  async getStreamIdForEventId(id) {
    return id.slice(0, id.lastIndexOf('/'));
  }
  async replayEventsAfter(id, { send }) {
    const stream = await this.getStreamIdForEventId(id);
    const after = Number(id.slice(id.lastIndexOf('/') + 1));
    for (const [n, event] of this.#log.entries()) {
      // A priming event has no message in it: there is nothing to send again.
      if (n > after && event.stream === stream && event.message.jsonrpc) await send(`${stream}/${n}`, event.message);
    }
    return stream;
  }
}

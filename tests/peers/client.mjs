// A client on the TypeScript SDK: connects, carries out the steps, prints one JSON line.
//
//   node client.mjs v1|v2|modern URL BEARER STEPS
//
// v1: the SDK's first line; v2: its second, with `initialize`; modern: 2026-07-28 and nothing else.
// A URL that ends in /sse is spoken to over HTTP+SSE of 2024-11-05; one that is a JSON array is a command to start
// and to speak to on its standard input and output.
//
// STEPS: a JSON array; each step gives an object, or {"error": {...}} as the SDK throws it.
//   {"list": true}                      the names of the tools
//   {"call": NAME, "args": {...}}       the result, and the progress before it
//   {"cancel": NAME, "args": {...}}     the same call, given up at the first progress
//   {"until": TEXT, "call": NAME}       calls again and again, until the answer holds the text
//   {"log": LEVEL, "call": NAME}        asks for logs from this level on, calls; the logs
//   {"watch": URI, "call": NAME}        subscribes, calls until an update has come; the updates
//   {"grow": NAME}                      listens for changes of the tool list, calls until one has come
//   {"read": URI} {"prompt": NAME} {"task": NAME, "args": {...}}
// What the server asked on the way stands in `asked`, with what was answered to it.
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as SseV1 } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import * as schemas from '@modelcontextprotocol/sdk/types.js';
import { Client, SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { setTimeout as sleep } from 'node:timers/promises';

const [kind, url, bearer, steps] = process.argv.slice(2);
const isV1 = kind === 'v1';
const isModern = kind === 'modern';
const timeout = 15_000;

const info = { name: `peer-${kind}`, version: '1.0.0' };
const capabilities = { elicitation: {}, roots: { listChanged: true }, sampling: {} };
const requestInit = { headers: bearer ? { authorization: `Bearer ${bearer}` } : {} };
const isSse = url.endsWith('/sse');

function open() {
  const options = { capabilities, ...(isModern && { versionNegotiation: { mode: { pin: '2026-07-28' } } }) };
  const client = isV1 ? new ClientV1(info, options) : new Client(info, options);
  if (url.startsWith('[')) {
    const [command, ...args] = JSON.parse(url);
    const Pipes = isV1 ? StdioV1 : StdioClientTransport;
    return [client, new Pipes({ command, args, env: { ...process.env, SLUICEGATE_TOKEN: bearer } })];
  }
  const Transport = isV1 ? (isSse ? SseV1 : TransportV1) : isSse ? SSEClientTransport : StreamableHTTPClientTransport;
  return [client, new Transport(new URL(url), { requestInit })];
}

const thrown = error => ({ error: { type: error.constructor.name, code: error.code, message: error.message, data: error.data } });

// --- what the server may ask, and what it says unasked -----------------------------------------------

const asked = [];
const heard = { logs: [], updates: [], grown: 0 };

const answers = {
  'elicitation/create'({ params }) {
    asked.push({ elicit: params.message });
    const wanted = Object.keys(params.requestedSchema.properties);
    const known = { name: 'Ada', interpretation: 'snake' };
    return { action: 'accept', content: Object.fromEntries(Object.entries(known).filter(([name]) => wanted.includes(name))) };
  },
  'sampling/createMessage'({ params }) {
    asked.push({ sample: [params.messages[0].content].flat()[0].text });
    return { role: 'assistant', model: 'peer-model', stopReason: 'endTurn', content: { type: 'text', text: 'Forty-two' } };
  },
  'roots/list'() {
    asked.push({ roots: true });
    return { roots: [{ uri: 'file:///srv/desk', name: 'desk' }] };
  },
};
const news = {
  'notifications/message': ({ params }) => void heard.logs.push({ level: params.level, data: params.data }),
  'notifications/resources/updated': ({ params }) => void heard.updates.push(params.uri),
  'notifications/tools/list_changed': () => void (heard.grown += 1),
};
const schemaV1 = {
  'elicitation/create': schemas.ElicitRequestSchema,
  'sampling/createMessage': schemas.CreateMessageRequestSchema,
  'roots/list': schemas.ListRootsRequestSchema,
  'notifications/message': schemas.LoggingMessageNotificationSchema,
  'notifications/resources/updated': schemas.ResourceUpdatedNotificationSchema,
  'notifications/tools/list_changed': schemas.ToolListChangedNotificationSchema,
};
function attend(client) {
  const name = method => (isV1 ? schemaV1[method] : method);
  for (const [method, answer] of Object.entries(answers)) client.setRequestHandler(name(method), answer);
  for (const [method, note] of Object.entries(news)) client.setNotificationHandler(name(method), note);
}

// --- the steps ---------------------------------------------------------------------------------------

const call = (client, params, options) =>
  isV1 ? client.callTool(params, undefined, { timeout, ...options }) : client.callTool(params, { timeout, ...options });
const params = (step, name = step.call) => ({ name, arguments: step.args ?? {} });

/// Calls until `done` says so. What is listened to may begin only after the first calls.
async function callUntil(client, step, done) {
  const deadline = Date.now() + timeout;
  for (;;) {
    const result = await call(client, params(step));
    for (let waited = 0; waited < 10 && !done(result); waited += 1) await sleep(10);
    if (done(result)) return { result };
    if (Date.now() > deadline) throw new Error(`in vain: ${JSON.stringify(result)}`);
  }
}

async function cancel(client, step) {
  const giveUp = new AbortController();
  const progress = [];
  const onprogress = it => (progress.push(it), giveUp.abort('changed my mind'));
  const outcome = await call(client, params(step, step.cancel), { signal: giveUp.signal, onprogress }).then(result => ({ result }), thrown);
  return { ...outcome, progress };
}

async function log(client, step) {
  heard.logs.length = 0;
  const _meta = { 'io.modelcontextprotocol/logLevel': step.log };
  if (!isModern) await client.setLoggingLevel(step.log);
  const result = await call(client, { ...params(step), ...(isModern && { _meta }) });
  return { result, logs: [...heard.logs] };
}

async function watch(client, step) {
  const subscription = isModern && (await client.listen({ resourceSubscriptions: [step.watch] }));
  if (!isModern) await client.subscribeResource({ uri: step.watch });
  await callUntil(client, step, () => heard.updates.length > 0);
  if (isModern) await subscription.close();
  else await client.unsubscribeResource({ uri: step.watch });
  return { updates: [...new Set(heard.updates)], honored: subscription?.honoredFilter };
}

async function grow(client, step) {
  const subscription = isModern && (await client.listen({ toolsListChanged: true }));
  await callUntil(client, { call: step.grow }, () => heard.grown > 0);
  if (isModern) await subscription.close();
  return { grown: true };
}

/// Starts a task of 2025-11-25 and follows it to its end, with what the SDK's first line has for that.
async function task(client, step) {
  const seen = [];
  for await (const message of client.experimental.tasks.callToolStream(params(step, step.task), undefined, { timeout, task: { ttl: 60_000 } })) {
    if (message.type === 'error') throw message.error;
    seen.push(message.type === 'taskStatus' ? message.task.status : message.type);
    if (message.type === 'result') return { result: message.result, seen: [...new Set(seen)] };
  }
  return { seen };
}

async function carryOut(client, step) {
  if (step.list) return { tools: (await client.listTools()).tools.map(tool => tool.name) };
  if (step.cancel) return cancel(client, step);
  if (step.grow) return grow(client, step);
  if (step.log) return log(client, step);
  if (step.prompt) return { result: await client.getPrompt({ name: step.prompt }) };
  if (step.read) return { result: await client.readResource({ uri: step.read }) };
  if (step.task) return task(client, step);
  if (step.until) return callUntil(client, step, result => JSON.stringify(result).includes(step.until));
  if (step.watch) return watch(client, step);
  const progress = [];
  const result = await call(client, params(step), { onprogress: it => void progress.push(it) });
  return { result, progress };
}

async function run() {
  const [client, transport] = open();
  attend(client);
  try {
    await client.connect(transport);
  } catch (error) {
    return { connect: thrown(error).error, steps: [] };
  }
  const done = [];
  for (const step of JSON.parse(steps)) done.push(await carryOut(client, step).catch(thrown));
  const revision = isV1 ? transport.protocolVersion : client.getNegotiatedProtocolVersion();
  const server = client.getServerVersion()?.name;
  await client.close();
  return { server, revision, steps: done, asked };
}

console.log(JSON.stringify(await run()));
process.exit(0);

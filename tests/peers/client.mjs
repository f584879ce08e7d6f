// A client on the TypeScript SDK: connects, carries out the steps, prints one JSON line.
//
//   node client.mjs v1|v2|modern URL BEARER STEPS
//
// v1: the SDK's first line; v2: its second, with `initialize`; modern: 2026-07-28 and nothing else.
// STEPS: a JSON array of {"list": true} and {"call": NAME, "args": {...}}. Each gives
// {"tools": [...]}, {"result": ..., "progress": [...]}, or {"error": {...}} as the SDK throws it.
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const [kind, url, bearer, steps] = process.argv.slice(2);
const info = { name: `peer-${kind}`, version: '1.0.0' };
const requestInit = { headers: bearer ? { authorization: `Bearer ${bearer}` } : {} };

const kinds = {
  v1: () => [new ClientV1(info), new TransportV1(new URL(url), { requestInit })],
  v2: () => [new Client(info), new StreamableHTTPClientTransport(new URL(url), { requestInit })],
  modern: () => [
    new Client(info, { versionNegotiation: { mode: { pin: '2026-07-28' } } }),
    new StreamableHTTPClientTransport(new URL(url), { requestInit }),
  ],
};

const thrown = error => ({ error: { type: error.constructor.name, code: error.code, message: error.message, data: error.data } });

async function carryOut(client, step) {
  if (step.list) return { tools: (await client.listTools()).tools.map(tool => tool.name) };
  const progress = [];
  const options = { onprogress: it => void progress.push(it), timeout: 20_000 };
  const params = { name: step.call, arguments: step.args ?? {} };
  const result = kind === 'v1' ? await client.callTool(params, undefined, options) : await client.callTool(params, options);
  return { result, progress };
}

async function run() {
  const [client, transport] = kinds[kind]();
  try {
    await client.connect(transport);
  } catch (error) {
    return { connect: thrown(error).error, steps: [] };
  }
  const done = [];
  for (const step of JSON.parse(steps)) done.push(await carryOut(client, step).catch(thrown));
  await client.close();
  return { steps: done };
}

console.log(JSON.stringify(await run()));
process.exit(0);

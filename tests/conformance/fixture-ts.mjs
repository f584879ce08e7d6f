// The server that the conformance suite is run against: both eras of MCP on one loopback endpoint,
// http://127.0.0.1:PORT/mcp, with the tools, prompts and resources whose names and answers the suite
// expects. Prints its port; ends with its standard input.
//
//   node fixture-ts.mjs
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { localhostHostValidation, NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import {
  acceptedContent, classifyInboundRequest, createMcpHandler, createRequestStateCodec, fromJsonSchema,
  inputRequired, McpServer, ProtocolError, ResourceNotFoundError
} from '@modelcontextprotocol/server';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const WAV = Buffer.concat([
  Buffer.from('RIFF'), Buffer.from([36, 0, 0, 0]), Buffer.from('WAVEfmt '),
  Buffer.from([16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0]),
  Buffer.from('data'), Buffer.from([0, 0, 0, 0])
]).toString('base64');

const text = words => ({ type: 'text', text: words });
const image = { type: 'image', data: PNG, mimeType: 'image/png' };
const embedded = (uri, mimeType, words) => ({ type: 'resource', resource: { uri, mimeType, text: words } });
const said = (...content) => ({ content });
const object = (properties = {}, required = []) => ({ type: 'object', properties, required });
const string = { type: 'string' };

const declared = ctx => ctx.mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities'] ?? {};

// --- multi-round-trip input (2026-07-28) ---------------------------------------------------

const state = createRequestStateCodec({ key: randomBytes(32), ttlSeconds: 600 });
const ask = {
  elicit: (message, properties) => inputRequired.elicit({ message, requestedSchema: object(properties, Object.keys(properties)) }),
  roots: () => inputRequired.listRoots(),
  sample: (words, maxTokens) => inputRequired.createMessage({ messages: [{ role: 'user', content: text(words) }], maxTokens })
};
const rounds = {
  async test_input_required_result_elicitation(_, ctx) {
    const name = acceptedContent(ctx.mcpReq.inputResponses, 'user_name')?.name;
    return typeof name === 'string'
      ? said(text(`Hello, ${name}!`))
      : inputRequired({ inputRequests: { user_name: ask.elicit('What is your name?', { name: string }) } });
  },
  async test_input_required_result_sampling(_, ctx) {
    const answer = ctx.mcpReq.inputResponses?.capital_question?.content;
    return answer
      ? said(text(`The model said: ${[answer].flat()[0].text}`))
      : inputRequired({ inputRequests: { capital_question: ask.sample('What is the capital of France?', 100) } });
  },
  async test_input_required_result_list_roots(_, ctx) {
    const roots = ctx.mcpReq.inputResponses?.client_roots?.roots;
    return Array.isArray(roots)
      ? said(text(`Roots: ${roots.map(root => root.uri).join(', ')}`))
      : inputRequired({ inputRequests: { client_roots: ask.roots() } });
  },
  async test_input_required_result_request_state(_, ctx) {
    const confirmed = acceptedContent(ctx.mcpReq.inputResponses, 'confirm');
    return confirmed && ctx.mcpReq.requestState()?.step === 'confirm'
      ? said(text('state-ok'))
      : inputRequired({
          inputRequests: { confirm: ask.elicit('Please confirm', { ok: { type: 'boolean' } }) },
          requestState: await state.mint({ step: 'confirm' }, ctx)
        });
  },
  async test_input_required_result_multiple_inputs(_, ctx) {
    const given = ctx.mcpReq.inputResponses ?? {};
    return given.user_name && given.greeting && given.client_roots && ctx.mcpReq.requestState()
      ? said(text('All three inputs arrived.'))
      : inputRequired({
          inputRequests: {
            user_name: ask.elicit('What is your name?', { name: string }),
            greeting: ask.sample('Generate a greeting', 50),
            client_roots: ask.roots()
          },
          requestState: await state.mint({ step: 'all' }, ctx)
        });
  },
  async test_input_required_result_multi_round(_, ctx) {
    const step = ctx.mcpReq.requestState()?.step ?? 0;
    const color = acceptedContent(ctx.mcpReq.inputResponses, 'step2')?.color;
    const name = acceptedContent(ctx.mcpReq.inputResponses, 'step1')?.name;
    if (step === 2 && color) return said(text(`The favourite colour is ${color}.`));
    const [next, request] = step === 1 && name
      ? [2, { step2: ask.elicit('Step 2: What is your favorite color?', { color: string }) }]
      : [1, { step1: ask.elicit('Step 1: What is your name?', { name: string }) }];
    return inputRequired({ inputRequests: request, requestState: await state.mint({ step: next }, ctx) });
  },
  async test_input_required_result_tampered_state(_, ctx) {
    return acceptedContent(ctx.mcpReq.inputResponses, 'confirm') && ctx.mcpReq.requestState()
      ? said(text('The state came back unchanged.'))
      : inputRequired({
          inputRequests: { confirm: ask.elicit('Please confirm', { ok: { type: 'boolean' } }) },
          requestState: await state.mint({ step: 'tamper' }, ctx)
        });
  },
  async test_input_required_result_capabilities(_, ctx) {
    const client = declared(ctx);
    const inputRequests = {
      ...(client.elicitation && { user_name: ask.elicit('What is your name?', { name: string }) }),
      ...(client.roots && { client_roots: ask.roots() }),
      ...(client.sampling && { greeting: ask.sample('Generate a greeting', 50) })
    };
    return Object.keys(inputRequests).length ? inputRequired({ inputRequests }) : said(text('Nothing can be asked of this client.'));
  },
  async test_streaming_elicitation(_, ctx) {
    await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken: ctx.mcpReq._meta?.progressToken ?? 'none', progress: 1 } });
    return acceptedContent(ctx.mcpReq.inputResponses, 'user_name')
      ? said(text('Answered.'))
      : inputRequired({ inputRequests: { user_name: ask.elicit('What is your name?', { name: string }) } });
  }
};

// --- server-to-client requests (up to 2025-11-25) --------------------------------------------
// Sent with `send`, which puts them on the stream of the POST that caused them. The context's
// `elicitInput` and `requestSampling` put them on the session's GET stream instead, where they
// are lost if the client has not opened it yet: then the call hangs for 60 s.

const elicited = words => async (ctx, message, requestedSchema) => {
  const answer = await ctx.mcpReq.send({ method: 'elicitation/create', params: { message, requestedSchema } });
  return said(text(`${words}: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`));
};
const titled = (word, noun) => ['First', 'Second', 'Third'].map((nth, n) => ({ const: `${word}${n + 1}`, title: `${nth} ${noun}` }));
const options = ['option1', 'option2', 'option3'];
const enums = object({
  untitledSingle: { type: 'string', enum: options },
  titledSingle: { type: 'string', oneOf: titled('value', 'Option') },
  legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
  untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
  titledMulti: { type: 'array', items: { anyOf: titled('value', 'Choice') } }
});
const defaults = object({
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true }
});

// --- tools: name -> [description, inputSchema, call(args, ctx)] -------------------------------

const schema202012 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...object({
    name: string,
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: string,
    email: string
  }),
  $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: string, city: string } } },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false
};
const log3 = async (_, ctx) => {
  for (const words of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
    await ctx.mcpReq.log('info', words);
    await sleep(50);
  }
  return said(text('Logged three times.'));
};
const tools = handler => ({
  test_simple_text: ['One text block', object(), () => said(text('This is a simple text response for testing.'))],
  test_image_content: ['One image block', object(), () => said(image)],
  test_audio_content: ['One audio block', object(), () => said({ type: 'audio', data: WAV, mimeType: 'audio/wav' })],
  test_embedded_resource: ['One embedded resource', object(), () => said(embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'))],
  test_multiple_content_types: ['Text, image and resource', object(), () =>
    said(text('Multiple content types test:'), image, embedded('test://mixed-content-resource', 'application/json', JSON.stringify({ test: 'data', value: 123 })))],
  test_error_handling: ['Always fails', object(), () => ({ ...said(text('This tool intentionally returns an error for testing')), isError: true })],
  test_tool_with_logging: ['Logs while it runs', object(), log3],
  test_logging_tool: ['Logs while it runs', object(), log3],
  test_tool_with_progress: ['Reports progress', object(), async (_, ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      await sleep(50);
    }
    return said(text('Done.'));
  }],
  test_sampling: ['Asks the client for a completion', object({ prompt: string }, ['prompt']), async ({ prompt }, ctx) => {
    const params = { messages: [{ role: 'user', content: text(prompt) }], maxTokens: 100 };
    const answer = await ctx.mcpReq.send({ method: 'sampling/createMessage', params });
    return said(text(`LLM response: ${[answer.content].flat()[0].text}`));
  }],
  test_elicitation: ['Asks the user', object({ message: string }, ['message']), ({ message }, ctx) =>
    elicited('User response')(ctx, message, object({
      username: { type: 'string', description: "User's response" },
      email: { type: 'string', description: "User's email address" }
    }, ['username', 'email']))],
  test_elicitation_sep1034_defaults: ['Asks with defaults', object(), (_, ctx) => elicited('Elicitation completed')(ctx, 'Please check these values', defaults)],
  test_elicitation_sep1330_enums: ['Asks with every kind of enum', object(), (_, ctx) => elicited('Elicitation completed')(ctx, 'Please choose', enums)],
  test_reconnection: ['Drops its own connection, then answers on the next', object(), async (_, ctx) => {
    ctx.http?.closeSSE?.();
    await sleep(100);
    return said(text('Answered after the connection was dropped.'));
  }],
  // The SDK itself answers -32021 when it is asked to send what the client has not declared.
  test_missing_capability: ['Needs a client that can sample', object(), (_, ctx) =>
    ctx.mcpReq.inputResponses?.greeting ? said(text('The client can sample.')) : inputRequired({ inputRequests: { greeting: ask.sample('Generate a greeting', 50) } })],
  test_trigger_tool_change: ['Announces a change of the tool list', object(), () => (handler().notify.toolsChanged(), said(text('Announced.')))],
  test_trigger_prompt_change: ['Announces a change of the prompt list', object(), () => (handler().notify.promptsChanged(), said(text('Announced.')))],
  test_x_mcp_header: ['Mirrors its argument in a header', object({ region: { type: 'string', 'x-mcp-header': 'Region' }, note: string }, ['region']), ({ region }) => said(text(`Region: ${region}`))],
  json_schema_2020_12_tool: ['Tool with JSON Schema 2020-12 features', schema202012, () => said(text('Called.'))],
  ...Object.fromEntries(Object.entries(rounds).map(([name, call]) => [name, ['Asks for input before it answers', object(), call]]))
});

// --- prompts and resources --------------------------------------------------------------------

const user = content => ({ role: 'user', content });
const argument = name => ({ name, description: `The ${name}`, required: true });
const prompts = {
  test_simple_prompt: ['A prompt without arguments', [], () => [user(text('This is a simple prompt for testing.'))]],
  test_prompt_with_arguments: ['A prompt with two arguments', ['arg1', 'arg2'], ({ arg1, arg2 }) => [user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))]],
  test_prompt_with_embedded_resource: ['A prompt with a resource', ['resourceUri'], ({ resourceUri }) =>
    [user(embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.')), user(text('Please process the embedded resource above.'))]],
  test_prompt_with_image: ['A prompt with an image', [], () => [user(image), user(text('Please analyze the image above.'))]],
  test_input_required_result_prompt: ['A prompt that asks first', [], (_, ctx) => {
    const context = acceptedContent(ctx.mcpReq.inputResponses, 'user_context')?.context;
    return context
      ? [user(text(`Context: ${context}`))]
      : inputRequired({ inputRequests: { user_context: ask.elicit('What context should the prompt use?', { context: string }) } });
  }]
};
const resources = {
  'test://static-text': ['text/plain', () => ({ text: 'This is the content of the static text resource.' })],
  'test://static-binary': ['image/png', () => ({ blob: PNG })],
  'test://watched-resource': ['text/plain', () => ({ text: 'Watched.' })]
};
function read(uri) {
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id) return { uri, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) };
  if (!Object.hasOwn(resources, uri)) throw new ResourceNotFoundError(uri);
  const [mimeType, body] = resources[uri];
  return { uri, mimeType, ...body() };
}

// --- one server, whatever the era ---------------------------------------------------------------

let handler;
const toolTable = tools(() => handler);
function server() {
  // Tools go through `McpServer`, which alone knows their schemas when it checks `Mcp-Param-*`;
  // the SDK's low-level `Server` lets a wrong or missing parameter header pass.
  const it = new McpServer({ name: 'conformance-fixture-ts', version: '1.0.0' }, {
    capabilities: {
      tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true, listChanged: true },
      completions: {}, logging: {}
    },
    requestState: { verify: state.verify }
  });
  for (const [name, [description, schema, call]] of Object.entries(toolTable)) {
    it.registerTool(name, { description, inputSchema: fromJsonSchema(schema) }, async (args, ctx) => call(args, ctx));
  }
  const on = (method, answer) => it.server.setRequestHandler(method, answer);
  on('prompts/list', () => ({
    prompts: Object.entries(prompts).map(([name, [description, names]]) => ({ name, description, arguments: names.map(argument) }))
  }));
  on('prompts/get', async ({ params }, ctx) => {
    if (!Object.hasOwn(prompts, params.name)) throw new ProtocolError(-32602, `Unknown prompt: ${params.name}`);
    const messages = prompts[params.name][2](params.arguments ?? {}, ctx);
    return Array.isArray(messages) ? { messages } : messages;
  });
  on('resources/list', () => ({
    resources: Object.entries(resources).map(([uri, [mimeType]]) => ({ uri, name: uri.slice(7), description: `The resource ${uri}`, mimeType }))
  }));
  on('resources/templates/list', () => ({
    resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', description: 'A resource for each id', mimeType: 'application/json' }]
  }));
  on('resources/read', ({ params }) => ({ contents: [read(params.uri)] }));
  on('resources/subscribe', () => ({}));
  on('resources/unsubscribe', () => ({}));
  on('completion/complete', () => ({ completion: { values: [], total: 0, hasMore: false } }));
  return it;
}

// --- sessions of the legacy era, with resumable streams ------------------------------------------

class Events {
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
const sessions = new Map();
async function openSession() {
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID, eventStore: new Events(), retryInterval: 1000,
    onsessioninitialized: id => void sessions.set(id, transport)
  });
  transport.onclose = () => void sessions.delete(transport.sessionId);
  await server().connect(transport);
  return transport;
}

// --- the endpoint ------------------------------------------------------------------------------------

const refuse = (response, status, code, message) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } }));
async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
handler = createMcpHandler(server, { legacy: 'reject' });
const serveModern = toNodeHandler(handler);
// Host alone is checked, not Origin: so the suite notices a proxy that replaces Host and checks neither.
const hostIsLocal = localhostHostValidation();

async function serve(request, response) {
  if (!hostIsLocal(request, response)) return;
  if (new URL(request.url, 'http://localhost').pathname !== '/mcp') return void response.writeHead(404).end();
  let body;
  if (request.method === 'POST') {
    try {
      body = JSON.parse(await bodyOf(request));
    } catch {
      return void refuse(response, 400, -32700, 'Parse error');
    }
    const { kind } = classifyInboundRequest({
      httpMethod: request.method, protocolVersionHeader: request.headers['mcp-protocol-version'],
      mcpMethodHeader: request.headers['mcp-method'], body
    });
    if (kind !== 'legacy') return serveModern(request, response, body);
  }
  const id = request.headers['mcp-session-id'];
  if (id !== undefined) {
    const transport = sessions.get(id);
    return transport ? transport.handleRequest(request, response, body) : void refuse(response, 404, -32001, 'Session not found');
  }
  if (body?.method !== 'initialize') return void refuse(response, 400, -32000, 'Bad Request: no session');
  return (await openSession()).handleRequest(request, response, body);
}

const listener = createServer((request, response) => {
  serve(request, response).catch(error => {
    console.error(error);
    if (!response.headersSent) refuse(response, 500, -32603, 'Internal error');
  });
});
listener.listen(0, '127.0.0.1', () => console.log(`port ${listener.address().port}`));
process.stdin.resume().on('end', () => process.exit(0));

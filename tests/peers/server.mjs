// An MCP server on the TypeScript SDK, both eras on one endpoint: http://127.0.0.1:PORT/mcp.
// Prints its port; ends with its standard input. `delete_all` leaves the file MARKER behind.
//
//   MARKER=FILE node server.mjs
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { classifyInboundRequest, createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { EMAIL, found, schema, SSN, tools } from './clinic.mjs';
import { Events, furnish, options } from './desk.mjs';

const said = text => ({ content: [{ type: 'text', text }] });

const calls = {
  echo: ({ message }) => said(message),
  lookup: ({ patient }) => found(patient),
  delete_all() {
    if (process.env.MARKER) writeFileSync(process.env.MARKER, 'deleted');
    return said('Everything is gone.');
  },
  async slow({ steps }, ctx) {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (let progress = 1; progress <= steps; progress += 1) {
      const message = `step ${progress}: SSN ${SSN}, mail ${EMAIL}`;
      if (progressToken !== undefined) {
        await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: steps, message } });
      }
      await sleep(20);
    }
    return said(`${steps} steps`);
  },
};

function server() {
  const it = new McpServer({ name: 'clinic-typescript', version: '1.0.0' }, options);
  for (const [name, { description }] of Object.entries(tools)) {
    it.registerTool(name, { description, inputSchema: fromJsonSchema(schema(name)) }, async (args, ctx) => calls[name](args, ctx));
  }
  furnish(it, new Set(), () => handler.notify);
  return it;
}

// --- the legacy era: one transport a session -------------------------------------------------

const sessions = new Map();

async function openSession() {
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: new Events(),
    retryInterval: 20,
    onsessioninitialized: id => void sessions.set(id, transport),
  });
  transport.onclose = () => void sessions.delete(transport.sessionId);
  await server().connect(transport);
  return transport;
}

function refuse(response, status, code, message) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } });
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

// --- the endpoint ----------------------------------------------------------------------------

const handler = createMcpHandler(server, { legacy: 'reject' });
const modern = toNodeHandler(handler);

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

async function serve(request, response) {
  const body = request.method === 'POST' ? await bodyOf(request) : undefined;
  const { kind } = classifyInboundRequest({
    httpMethod: request.method,
    protocolVersionHeader: request.headers['mcp-protocol-version'],
    mcpMethodHeader: request.headers['mcp-method'],
    body,
  });
  if (body !== undefined && kind !== 'legacy') return modern(request, response, body);
  const id = request.headers['mcp-session-id'];
  if (id === undefined && body?.method === 'initialize') return (await openSession()).handleRequest(request, response, body);
  const transport = sessions.get(id);
  return transport ? transport.handleRequest(request, response, body) : refuse(response, 404, -32001, 'Session not found');
}

const listener = createServer((request, response) => {
  serve(request, response).catch(error => {
    console.error(error);
    if (!response.headersSent) refuse(response, 400, -32700, 'Parse error');
  });
});
listener.listen(0, '127.0.0.1', () => console.log(`port ${listener.address().port}`));
process.stdin.resume().on('end', () => process.exit(0));

// A client on the TypeScript SDK that gets its tokens by the SDK's own OAuth code.
//
//   node consent.mjs v1|v2|modern URL
//
// Whoever is asked for consent gives it: the redirect is followed without a browser. Calls `echo`, `delete_all` and
// `echo` again, and prints one JSON line.
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const [kind, url] = process.argv.slice(2);
const isV1 = kind === 'v1';

const asked = [];
const kept = {};
let answer;

// The whole of what an application has to write.
const provider = {
  redirectUrl: 'http://127.0.0.1:1/back',
  clientMetadata: {
    client_name: 'peer',
    redirect_uris: ['http://127.0.0.1:1/back'],
    token_endpoint_auth_method: 'none',
  },
  clientInformation: () => kept.client,
  saveClientInformation: client => (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: tokens => (kept.tokens = tokens),
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: verifier => (kept.verifier = verifier),
  async redirectToAuthorization(target) {
    asked.push(new URL(target).searchParams.get('scope') ?? '');
    const redirect = await fetch(target, { redirect: 'manual' });
    answer = new URL(redirect.headers.get('location')).searchParams;
  },
};

let transport;

/** Does something; where that needs consent first, gets it, and does it again. */
async function consenting(act) {
  try {
    return await act();
  } catch (error) {
    if (!answer) throw error;
    const [code, own] = [answer, transport];
    answer = undefined;
    await own.finishAuth(isV1 ? code.get('code') : code);
    return await act();
  }
}

async function run() {
  const info = { name: `peer-${kind}`, version: '1.0.0' };
  const options = kind === 'modern' ? { versionNegotiation: { mode: { pin: '2026-07-28' } } } : {};
  const client = await consenting(async () => {
    const client = isV1 ? new ClientV1(info) : new Client(info, options);
    const Transport = isV1 ? TransportV1 : StreamableHTTPClientTransport;
    transport = new Transport(new URL(url), { authProvider: provider });
    await client.connect(transport);
    return client;
  });
  const results = [];
  for (const tool of ['echo', 'delete_all', 'echo']) {
    const args = tool === 'echo' ? { message: 'ok' } : {};
    const result = await consenting(() => client.callTool({ name: tool, arguments: args }));
    results.push({ text: result.content[0].text, failed: result.isError ?? false });
  }
  await client.close();
  return { asked, results };
}

try {
  console.log(JSON.stringify(await run()));
} catch (error) {
  console.log(JSON.stringify({ asked, error: `${error.constructor.name}: ${error.message}` }));
}
process.exit(0);

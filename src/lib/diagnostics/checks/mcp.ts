import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { CheckDefinition, Finding } from '../check.js';
import { duration } from '../figures.js';

const DEADLINE_MILLISECONDS = 15_000;

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'embed-search-doctor', version: '1' },
  },
};

/** Starts the server as an editor does, shakes hands and asks for its tools. */
export const mcpCheck: CheckDefinition = {
  id: 'mcp',
  title: 'MCP server',
  area: 'machine',
  run: async (subject) => {
    const started = performance.now();
    const server = spawn(process.execPath, [subject.options.program, 'serve-mcp', '--lazy'], {
      cwd: subject.options.folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => server.kill('SIGKILL'), DEADLINE_MILLISECONDS);
    let lastWords = '';
    server.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (lastWords = (lastWords + text).slice(-2_000)));
    server.stdin.on('error', () => {}); // a server that has gone shows as the end of its output
    try {
      server.stdin.write(`${JSON.stringify(INITIALIZE)}\n`);
      let handshake = 0;
      for await (const line of createInterface({ input: server.stdout })) {
        const message = JSON.parse(line) as { id?: number; result?: { tools?: { name: string }[] } };
        if (message.id === 1) {
          handshake = performance.now() - started;
          server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
          server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list' })}\n`);
        } else if (message.id === 2) return outcome(handshake, message.result?.tools?.length ?? 0);
      }
      const said = lastWords.trim().split('\n').at(-1) ?? '';
      return { status: 'fail', detail: `it ended without an answer${said === '' ? '' : `: ${said}`}` };
    } finally {
      clearTimeout(timer);
      server.stdin.end();
      server.kill();
    }
  },
};

function outcome(milliseconds: number, tools: number): Finding {
  const facts = { handshakeMilliseconds: Math.round(milliseconds), tools };
  const detail = `answered in ${duration(milliseconds)}, ${tools} tools`;
  return tools > 0 ? { status: 'pass', detail, facts } : { status: 'fail', detail, facts };
}

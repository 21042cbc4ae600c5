// The official conformance suite against `serve-mcp --http`, both eras; then the inspector and a client of the SDK's
// first line over stdio. What it needs (Node 24, too) comes from the npm registry into a folder of its own.
//
//   npm run test:conformance          built before; about a minute
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { explanationOf } from './explained.js';

const PACKAGES = [
  '@modelcontextprotocol/conformance@0.2.0-alpha.12',
  '@modelcontextprotocol/inspector@0.22.0',
  '@modelcontextprotocol/sdk@1.32.2',
  `node-${process.platform}-${process.arch}@24.21.0`,
];
const REVISIONS = ['2025-06-18', '2025-11-25', '2026-07-28'];
const TOKEN = 'conformance';

const execute = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const program = path.join(root, 'bin/run.js');
const tools = path.join(os.tmpdir(), 'embed-search-conformance');
const modules = path.join(tools, 'node_modules');
const node24 = path.join(modules, '.bin/node');
const project = mkdtempSync(path.join(os.tmpdir(), 'embed-search-conformance-project-'));
const environment = { ...process.env, EMBED_SEARCH_TOKEN: TOKEN };

const problems = [];
try {
  await install();
  writeFileSync(
    path.join(project, 'herons.md'),
    '# Herons\n\nHerons stand in shallow water and wait for fish.\n',
  );
  await execute(process.execPath, [program, 'index', project]);
  await conformance();
  await inspector();
  await oldClient();
} finally {
  rmSync(project, { recursive: true, force: true });
}
for (const problem of problems) console.log(`NOT EXPLAINED: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;

async function install() {
  const wanted = JSON.stringify(PACKAGES);
  const note = path.join(tools, 'installed.json');
  if (existsSync(note) && readFileSync(note, 'utf8') === wanted) return;
  rmSync(tools, { recursive: true, force: true });
  mkdirSync(tools, { recursive: true });
  writeFileSync(path.join(tools, 'package.json'), '{"private": true}');
  const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
  await execute('npm', ['install', ...flags, '--prefix', tools, ...PACKAGES], { cwd: tools });
  writeFileSync(note, wanted);
}

async function conformance() {
  const server = spawn(process.execPath, [program, 'serve-mcp', '--path', project, '--http', '0'], {
    env: environment,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const [said] = await once(server.stderr, 'data');
  const url = new URL(/http:\S+/.exec(String(said))?.[0] ?? '');
  const proxy = await withToken(url);
  try {
    for (const revision of REVISIONS) await suite(revision, proxy.url);
  } finally {
    proxy.close();
    server.kill();
    await once(server, 'exit');
  }
}

async function suite(/** @type {string} */ revision, /** @type {string} */ url) {
  const results = path.join(project, `results-${revision}`);
  const bin = path.join(modules, '@modelcontextprotocol/conformance/dist/index.js');
  const args = ['server', '--url', url, '--suite', 'all', '--spec-version', revision, '-o', results];
  // It exits 1 when a check fails; which ones is in the files.
  await execute(node24, [bin, ...args], { cwd: project }).catch(() => {});
  const counts = { passed: 0, explained: 0 };
  for (const scenario of readdirSync(results)) {
    const checks = JSON.parse(readFileSync(path.join(results, scenario, 'checks.json'), 'utf8'));
    for (const { id, status, errorMessage = '' } of checks) {
      if (status === 'SUCCESS') counts.passed++;
      if (status !== 'FAILURE') continue;
      if (explanationOf(errorMessage) === undefined) problems.push(`${revision} ${id}: ${errorMessage}`);
      else counts.explained++;
    }
  }
  if (counts.passed < 20) problems.push(`${revision}: only ${counts.passed} checks ran`);
  console.log(
    `conformance ${revision}: ${counts.passed} checks passed, ${counts.explained} not for this server`,
  );
}

/** The suite has no way to send a token: something between adds it, and changes nothing else. */
async function withToken(/** @type {URL} */ server) {
  const proxy = http.createServer((request, response) => {
    const headers = { ...request.headers, authorization: `Bearer ${TOKEN}` };
    const { method, url } = request;
    const onward = http.request(
      { host: server.hostname, port: server.port, path: url, method, headers, setHost: false },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (proxy.address());
  return {
    url: `http://127.0.0.1:${address.port}${server.pathname}`,
    close: () => proxy.closeAllConnections() ?? proxy.close(),
  };
}

/** The inspector's command line, a process a call. */
async function inspector() {
  const bin = path.join(modules, '.bin/mcp-inspector');
  const ask = async (/** @type {string[]} */ args) => {
    const server = ['--cli', process.execPath, program, 'serve-mcp', '--path', project];
    const { stdout } = await execute(node24, [bin, ...server, ...args], { cwd: project });
    return JSON.parse(stdout);
  };
  const { tools: listed } = await ask(['--method', 'tools/list']);
  expect('inspector: five tools', listed.length === 5);
  const calls = /** @type {[string, string[]][]} */ ([
    ['search_code', ['query=birds that fish', 'limit=1']],
    ['find_similar', ['path=herons.md', 'line=1']],
    ['read_lines', ['path=herons.md', 'endLine=1']],
    ['update_index', []],
    ['index_status', []],
  ]);
  for (const [name, args] of calls) {
    const given = args.flatMap((arg) => ['--tool-arg', arg]);
    const result = await ask(['--method', 'tools/call', '--tool-name', name, ...given]);
    expect(`inspector: ${name}`, result.isError !== true && typeof result.structuredContent === 'object');
  }
  console.log(`inspector: ${listed.length} tools listed and called`);
}

/** A client of the SDK before its second line; it checks structured content by the output schemas itself. */
async function oldClient() {
  const sdk = (/** @type {string} */ name) =>
    import(path.join(modules, '@modelcontextprotocol/sdk/dist/esm/client', name));
  const { Client } = await sdk('index.js');
  const { StdioClientTransport } = await sdk('stdio.js');
  const client = new Client({ name: 'old', version: '1' });
  const args = [program, 'serve-mcp', '--path', project];
  await client.connect(new StdioClientTransport({ command: process.execPath, args }));
  const { tools: listed } = await client.listTools();
  const found = await client.callTool({ name: 'search_code', arguments: { query: 'birds that fish' } });
  expect('SDK 1.x: search_code', found.structuredContent.hits[0].path === 'herons.md');
  const read = await client.readResource({ uri: found.structuredContent.hits[0].uri });
  expect('SDK 1.x: a hit as a resource', read.contents[0].text.includes('Herons'));
  for (const [name, input] of /** @type {[string, object][]} */ ([
    ['find_similar', { path: 'herons.md', line: 1 }],
    ['read_lines', { path: 'herons.md' }],
    ['update_index', {}],
    ['index_status', {}],
  ])) {
    const result = await client.callTool({ name, arguments: input });
    expect(`SDK 1.x: ${name}`, !result.isError && typeof result.structuredContent === 'object');
  }
  await client.close();
  console.log(`client of SDK 1.32.2: ${listed.length} tools listed and called`);
}

function expect(/** @type {string} */ what, /** @type {boolean} */ holds) {
  if (!holds) problems.push(what);
}

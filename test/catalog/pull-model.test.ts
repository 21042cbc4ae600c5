import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type PullOptions, pullModel } from '#dist/lib/catalog/pull-model.js';
import { verifies } from '../house/promises.js';
import { gguf, entriesWith } from '../models/gguf-writer.js';
import { cutAfter, drip, type Hub, serve, sha256, startHub, status } from './hub.js';

/** 100 KB and a bit: several packets. */
const FILE = Buffer.concat([gguf(), Buffer.alloc(100_000, 7)]);

function folder(): string {
  const made = mkdtempSync(path.join(os.tmpdir(), 'embed-search-pull-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function pull(hub: Hub, models: string, options: Partial<PullOptions> = {}) {
  const environment = { EMBED_SEARCH_MODELS: models, HF_ENDPOINT: hub.address, ...options.environment };
  return pullModel({
    model: `${hub.address}/some/model.gguf`,
    signal: new AbortController().signal,
    retryMilliseconds: 1,
    ...options,
    environment,
  });
}

describe('a model is fetched', () => {
  it('whole, and nothing is left beside it', async () => {
    verifies('pull-whole-or-not');
    const models = path.join(folder(), 'not', 'there', 'yet');
    const seen: number[] = [];
    const pulled = await pull(await startHub(serve(FILE)), models, {
      onProgress: (bytes, total) => {
        expect(total).toBe(FILE.length);
        seen.push(bytes);
      },
    });
    expect(pulled).toMatchObject({
      name: 'model',
      bytes: FILE.length,
      sha256: sha256(FILE),
      checkedAgainst: null,
      wasThere: false,
      resumedFrom: 0,
    });
    expect(pulled.notes.join()).toContain(sha256(FILE));
    expect(readFileSync(pulled.path).equals(FILE)).toBe(true);
    expect(readdirSync(models)).toEqual(['model.gguf']);
    expect(seen.at(-1)).toBe(FILE.length);
  });

  it('over as many connections as it takes, each going on where the last one ended', async () => {
    verifies('pull-whole-or-not');
    const hub = await startHub(cutAfter(FILE, 30_000), cutAfter(FILE, 30_000), status(503), serve(FILE));
    const pulled = await pull(hub, folder());
    expect(pulled.sha256).toBe(sha256(FILE));
    expect(hub.asked.map(({ range }) => range ?? 'all')).toEqual([
      'all',
      expect.stringMatching(/^bytes=[1-9]\d*-$/),
      expect.stringMatching(/^bytes=[1-9]\d*-$/),
      expect.stringMatching(/^bytes=[1-9]\d*-$/),
    ]);
  });

  it('on from what an interrupted run left', async () => {
    const models = folder();
    const slow = await startHub(drip(FILE));
    const stop = new AbortController();
    const reason = new Error('Ctrl-C');
    const model = '/some/model.gguf';
    await expect(
      pull(slow, models, {
        signal: stop.signal,
        onProgress: (bytes) => bytes > 500 && stop.abort(reason),
      }),
    ).rejects.toBe(reason);
    expect(readdirSync(models).toSorted()).toEqual(['model.gguf.part', 'model.gguf.part.json']);
    // The same address and version: as the server that dripped would give it.
    const noted = JSON.parse(readFileSync(path.join(models, 'model.gguf.part.json'), 'utf8'));
    expect(noted).toEqual({ url: `${slow.address}${model}`, version: '"drip"' });
    const conditions: unknown[] = [];
    const again = await startHub((request, response) => {
      conditions.push(request.headers['if-range']);
      serve(FILE, { etag: '"drip"' })(request, response);
    });
    writeFileSync(
      path.join(models, 'model.gguf.part.json'),
      JSON.stringify({ ...noted, url: `${again.address}${model}` }),
    );
    const pulled = await pull(again, models);
    expect(pulled.resumedFrom).toBeGreaterThan(500);
    expect(pulled.sha256).toBe(sha256(FILE));
    expect(again.asked[0]?.range).toBe(`bytes=${pulled.resumedFrom}-`);
    expect(conditions).toEqual(['"drip"']);
  });

  it('anew where the file on the server is another one by now, or the part is of no known file', async () => {
    const other = Buffer.concat([gguf(), Buffer.alloc(90_000, 9)]);
    const hub = await startHub(cutAfter(FILE, 30_000), serve(other));
    expect((await pull(hub, folder())).sha256).toBe(sha256(other));
    const models = folder();
    writeFileSync(path.join(models, 'model.gguf.part'), 'rest of something');
    expect((await pull(await startHub(serve(FILE)), models)).sha256).toBe(sha256(FILE));
  });

  it('anew where a server gives another range than was asked for, or says that there is none', async () => {
    const lying: Parameters<typeof startHub>[0] = (_request, response) => {
      response.writeHead(206, {
        etag: `"${sha256(FILE).slice(0, 16)}"`,
        'content-range': `bytes 5-${FILE.length - 1}/${FILE.length}`,
      });
      response.end(FILE.subarray(5));
    };
    const hub = await startHub(
      cutAfter(FILE, 30_000),
      lying,
      cutAfter(FILE, 30_000),
      status(416),
      serve(FILE),
    );
    expect((await pull(hub, folder())).sha256).toBe(sha256(FILE));
    expect(hub.asked.map(({ range }) => range !== undefined)).toEqual([false, true, false, true, false]);
  });

  it('not at all from a server that has no such range of what it was asked whole', async () => {
    const hub = await startHub(status(416));
    const models = folder();
    await expect(pull(hub, models)).rejects.toMatchObject({ code: 'NETWORK' });
    expect(hub.asked).toHaveLength(5);
    expect(readdirSync(models)).toEqual([]);
  });

  it('not beside a lock that cannot be read: it may be that of another user', async () => {
    const models = folder();
    mkdirSync(path.join(models, 'model.gguf.part.lock'));
    await expect(pull(await startHub(serve(FILE)), models)).rejects.toMatchObject({ code: 'MACHINE' });
  });

  it('only once where two ask at the same time', async () => {
    const models = folder();
    const slow = await startHub(drip(FILE));
    const stop = new AbortController();
    const first = pull(slow, models, { signal: stop.signal });
    const started = Date.now();
    while (!existsSync(path.join(models, 'model.gguf.part.lock')) && Date.now() - started < 10_000)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(pull(await startHub(serve(FILE)), models)).rejects.toMatchObject({
      code: 'DOWNLOAD_RUNNING',
      exitCode: 6,
    });
    stop.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    // A lock whose process is gone holds nobody up.
    writeFileSync(path.join(models, 'model.gguf.part.lock'), '999999999');
    expect((await pull(await startHub(serve(FILE)), models)).bytes).toBe(FILE.length);
    expect(readdirSync(models)).toEqual(['model.gguf']);
  });

  it('not at all where it is there, unless asked to', async () => {
    const models = folder();
    const hub = await startHub(serve(FILE));
    writeFileSync(path.join(models, 'model.gguf'), 'mine');
    expect(await pull(hub, models)).toMatchObject({ wasThere: true, bytes: 4 });
    await expect(pull(hub, models, { sha256: sha256(FILE) })).rejects.toMatchObject({
      code: 'DOWNLOAD_DAMAGED',
    });
    expect(hub.asked).toEqual([]);
    expect(await pull(hub, models, { force: true })).toMatchObject({ wasThere: false, bytes: FILE.length });
  });
});

describe('a checksum', () => {
  it('that the hub names is held, and a file that has another one is removed', async () => {
    const good = await startHub(serve(FILE, { 'x-linked-etag': `"${sha256(FILE)}"` }));
    expect(await pull(good, folder())).toMatchObject({
      checkedAgainst: 'server',
      notes: [expect.any(String)],
    });
    const models = folder();
    const bad = await startHub(serve(FILE, { 'x-linked-etag': `"${'0'.repeat(64)}"` }));
    await expect(pull(bad, models)).rejects.toMatchObject({
      code: 'DOWNLOAD_DAMAGED',
      exitCode: 8,
      message: expect.stringContaining(sha256(FILE)),
    });
    expect(existsSync(path.join(models, 'model.gguf'))).toBe(false);
    expect(readdirSync(models)).toEqual([]);
  });

  it('that the user names goes before that of the hub', async () => {
    const hub = await startHub(serve(FILE, { 'x-linked-etag': `"${'0'.repeat(64)}"` }));
    expect(await pull(hub, folder(), { sha256: sha256(FILE) })).toMatchObject({ checkedAgainst: 'user' });
  });
});

describe('a server that does not give the file', () => {
  it.each([
    [401, 'DOWNLOAD_REFUSED', /HF_TOKEN/],
    [403, 'DOWNLOAD_REFUSED', /HF_TOKEN/],
    [404, 'MODEL_MISSING', /name of the repository/],
    [400, 'DOWNLOAD_REFUSED', /address/],
    [500, 'NETWORK', /connection/],
    [429, 'NETWORK', /connection/],
  ] as const)('with status %i is an error that says what next', async (code, expected, fix) => {
    const hub = await startHub(status(code, { 'retry-after': '0' }));
    await expect(pull(hub, folder())).rejects.toMatchObject({
      code: expected,
      fix: expect.stringMatching(fix),
    });
    expect(hub.asked.length).toBe(expected === 'NETWORK' ? 5 : 1);
  });

  it('for a while is asked again when it says', async () => {
    const hub = await startHub(status(429, { 'retry-after': '1' }), serve(FILE));
    const started = performance.now();
    await pull(hub, folder());
    expect(performance.now() - started).toBeGreaterThan(900);
  });

  it('but a page, or a file that is cut and says so, leaves nothing in the place of a model', async () => {
    const models = folder();
    const page = await startHub((_request, response) => void response.end('<html>log in</html>'));
    await expect(pull(page, models)).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED' });
    const half = gguf().subarray(0, gguf().length - 40);
    await expect(pull(await startHub(serve(half)), models)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    expect(existsSync(path.join(models, 'model.gguf'))).toBe(false);
  });

  it('that is larger than the disk has room for is an error before anything is written', async () => {
    const models = folder();
    const hub = await startHub(serve(FILE, { 'x-linked-size': String(2 ** 50) }));
    await expect(pull(hub, models)).rejects.toMatchObject({
      code: 'NO_SPACE',
      fix: expect.stringContaining('EMBED_SEARCH_MODELS'),
    });
    expect(readdirSync(models)).toEqual([]);
  });

  it('that is not there is an error of the network', async () => {
    const hub = await startHub(status(200));
    await hub.close();
    await expect(pull(hub, folder())).rejects.toMatchObject({ code: 'NETWORK', exitCode: 8 });
  });

  it('and sends more than it said is asked again, and never believed', async () => {
    const lying = await startHub((_request, response) => {
      response.writeHead(200, { 'x-linked-size': '50000', etag: '"x"' });
      response.end(FILE);
    });
    const models = folder();
    await expect(pull(lying, models)).rejects.toMatchObject({ code: 'NETWORK' });
    expect(existsSync(path.join(models, 'model.gguf'))).toBe(false);
  });
});

describe('an address', () => {
  it('that is badly encoded is a usage error, and a redirect to none is refused', async () => {
    const hub = await startHub(status(302, { location: 'http://[' }));
    const asked = (model: string) => pull(hub, folder(), { model });
    await expect(asked(`${hub.address}/%zz.gguf`)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(asked(`${hub.address}/m.gguf`)).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED' });
  });
});

describe('a token', () => {
  it('goes to the hub alone, never to a host that it redirects to', async () => {
    verifies('token-stays-home');
    const store = await startHub(serve(FILE));
    const hub = await startHub(
      status(302, {
        location: `${store.address.replace('127.0.0.1', 'localhost')}/blob`,
        'x-linked-etag': `"${sha256(FILE)}"`,
        'x-linked-size': String(FILE.length),
      }),
    );
    const environment = { HF_TOKEN: 'secret' };
    const pulled = await pull(hub, folder(), { model: 'hf:owner/repo/model.gguf', environment });
    expect(pulled.checkedAgainst).toBe('server');
    expect(hub.asked[0]).toEqual({
      url: '/owner/repo/resolve/main/model.gguf',
      authorization: 'Bearer secret',
    });
    expect(store.asked[0]?.authorization).toBeUndefined();
  });

  it('does not go to another host that the user names', async () => {
    const hub = await startHub(serve(FILE));
    const elsewhere = await startHub(serve(FILE));
    await pull(hub, folder(), { model: `${elsewhere.address}/m.gguf`, environment: { HF_TOKEN: 'secret' } });
    expect(elsewhere.asked[0]?.authorization).toBeUndefined();
  });

  it('does not go unencrypted to a hub that is asked over https', async () => {
    const plain = await startHub(serve(FILE));
    const environment = { HF_TOKEN: 'secret', HF_ENDPOINT: plain.address.replace('http:', 'https:') };
    await pull(plain, folder(), { model: `${plain.address}/m.gguf`, environment });
    expect(plain.asked).toEqual([{ url: '/m.gguf' }]);
  });

  it('redirects without end, or away from what is encrypted, are refused', async () => {
    const circle: Hub = await startHub((_request, response) => {
      response.writeHead(302, { location: '/again.gguf' }).end();
    });
    await expect(pull(circle, folder())).rejects.toMatchObject({
      code: 'DOWNLOAD_REFUSED',
      message: expect.stringContaining('redirects'),
    });
  });
});

it('a proxy that the environment names is used', async () => {
  const hub = await startHub(serve(FILE));
  const tunnels: string[] = [];
  const proxy = createServer().on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    const { port } = new URL(hub.address);
    const onward = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  const before = process.env['http_proxy'];
  process.env['http_proxy'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  onTestFinished(() => {
    if (before === undefined) delete process.env['http_proxy'];
    else process.env['http_proxy'] = before;
  });
  // Nobody can look this name up: only the proxy knows where it leads.
  const pulled = await pull(hub, folder(), { model: 'http://no-such-host.invalid/m.gguf' });
  expect(pulled.sha256).toBe(sha256(FILE));
  expect(tunnels).toEqual(['no-such-host.invalid:80']);
});

it('a model that needs more to be said is kept, with what to say', async () => {
  const generative = gguf({ entries: entriesWith({ 'bert.pooling_type': undefined }) });
  const pulled = await pull(await startHub(serve(generative)), folder());
  expect(pulled.notes.join()).toMatch(/--pooling/);
});

it('a folder that cannot be written is an error of the machine', async () => {
  const models = path.join(folder(), 'file');
  mkdirSync(path.dirname(models), { recursive: true });
  writeFileSync(models, '');
  await expect(pull(await startHub(serve(FILE)), models)).rejects.toMatchObject({ exitCode: 8 });
});

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { walk } from '#dist/lib/corpus/walk.js';
import { verifies } from '../house/promises.js';
import { addFiles, entries, files, leftOut, makeTree, paths } from './tree.js';

describe('the walk', () => {
  it('gives files in the order of their paths, byte for byte, with slashes, size and time', async () => {
    const root = makeTree({ 'b.ts': 'bb', 'a/z.ts': 'z', 'a/B.ts': '', 'c/': '', 'a-b.ts': '', 'a.ts': '' });
    const found = await files(root);
    expect(found.map(({ path }) => path)).toEqual(['a-b.ts', 'a.ts', 'a/B.ts', 'a/z.ts', 'b.ts']);
    expect(found.at(-1)).toMatchObject({ absolutePath: join(root, 'b.ts'), size: 2 });
    expect(found.at(-1)?.mtimeMs).toBeGreaterThan(0);
  });

  it('leaves out hidden entries, dependencies and the data of version control, each with its reason', async () => {
    const root = makeTree({
      '.github/ci.yml': '',
      '.eslintrc': '',
      '.git/config': '',
      '.svn/entries': '',
      'node_modules/a/index.js': '',
      'lib/node_modules/b.js': '',
      'lib/__pycache__/c.pyc': '',
      'lib/kept.js': '',
    });
    expect(await paths(root)).toEqual(['lib/kept.js']);
    expect(await leftOut(root)).toEqual({
      '.github/': 'hidden',
      '.eslintrc': 'hidden',
      '.git/': 'hidden',
      '.svn/': 'hidden',
      'node_modules/': 'ignored',
      'lib/node_modules/': 'ignored',
      'lib/__pycache__/': 'ignored',
    });
  });

  it('keeps build, dist, target, vendor and venv folders unless something says what they are', async () => {
    const root = makeTree({
      'build/a.ts': '',
      'dist/a.ts': '',
      'vendor/a.go': '',
      'target/a.rs': '',
      'venv/a.py': '',
      'rust/target/CACHEDIR.TAG': 'Signature: 8a477f597d28d172789f06886806bc55',
      'rust/target/b.rs': '',
      'py/env/pyvenv.cfg': '',
      'py/env/b.py': '',
    });
    expect(await paths(root)).toEqual(['build/a.ts', 'dist/a.ts', 'target/a.rs', 'vendor/a.go', 'venv/a.py']);
    expect(await leftOut(root)).toEqual({ 'rust/target/': 'ignored', 'py/env/': 'ignored' });
  });

  it('says secret of what looks like one, also where it is hidden or ignored too', async () => {
    verifies('secrets-left-out');
    const secrets = [
      'server.pem',
      'tls.KEY',
      'store.jks',
      'id_rsa',
      'id_ed25519',
      '.env',
      '.env.local',
      'prod.env',
    ]
      .concat([
        '.npmrc',
        '.netrc',
        '.pgpass',
        'vault.kdbx',
        'credentials',
        'credentials.json',
        'a.p12',
        'a.pfx',
      ])
      .concat(['my.keystore', 'service-account-prod.json', 'terraform.tfstate']);
    const root = makeTree({
      ...Object.fromEntries(secrets.map((name) => [`deep/${name}`, 'x'])),
      '.ssh/config': '',
      '.gitignore': '.env\n',
      'deep/id_rsa.pub': '',
      'deep/keyboard.ts': '',
      'deep/environment.ts': '',
      'deep/credentials.ts': '',
    });
    const reasons = await leftOut(root);
    expect(reasons).toEqual({
      ...Object.fromEntries(secrets.map((name) => [`deep/${name}`, 'secret'])),
      '.ssh/': 'secret',
      '.gitignore': 'hidden',
    });
    expect(await paths(root)).toHaveLength(4);
  });

  it('lets only a pattern that spells the name out bring a secret in', async () => {
    const tree = { 'a/test.pem': '', 'a/other.pem': '', 'a/.env.example': '', 'a/x.ts': '' };
    const broad = makeTree({
      ...tree,
      '.embed-searchignore': '!*\n!*.pem\n',
      '.gitignore': '!.env.example\n',
    });
    expect(await paths(broad)).not.toContain('a/test.pem');
    expect((await leftOut(broad))['a/.env.example']).toBe('secret');
    const exact = makeTree({ ...tree, '.embed-searchignore': '!a/test.pem\n!.env.example\n' });
    expect(await paths(exact)).toEqual(['a/.env.example', 'a/test.pem', 'a/x.ts']);
  });

  it('follows nested .gitignore files with negation, and says which rule left a file out', async () => {
    const root = makeTree({
      '.gitignore': '*.log\n/only-here.txt\ntmp/\n',
      'a.log': '',
      'only-here.txt': '',
      'sub/only-here.txt': '',
      'sub/.gitignore': '!keep.log\n',
      'sub/keep.log': '',
      'sub/drop.log': '',
      'tmp/x.ts': '',
    });
    expect(await paths(root)).toEqual(['sub/keep.log', 'sub/only-here.txt']);
    expect(await entries(root)).toContainEqual({
      kind: 'skipped',
      path: 'sub/drop.log',
      reason: 'ignored',
      detail: '.gitignore: *.log',
    });
  });

  it('lets .embed-searchignore win over .gitignore in both directions, also for folders and hidden files', async () => {
    const root = makeTree({
      '.gitignore': 'generated/\n',
      '.embed-searchignore': '!generated/\n!.github/\n!.github/**\nfixtures/\n!vendored/node_modules/\n',
      'generated/api.ts': '',
      'generated/deep/more.ts': '',
      '.github/ci.yml': '',
      '.other/x.yml': '',
      'fixtures/big.ts': '',
      'vendored/node_modules/ours.js': '',
      'z.ts': '',
    });
    expect(await paths(root)).toEqual([
      '.github/ci.yml',
      'generated/api.ts',
      'generated/deep/more.ts',
      'vendored/node_modules/ours.js',
      'z.ts',
    ]);
  });

  it('honours .git/info/exclude, also through the .git file of a worktree', async () => {
    const main = makeTree({ 'a.ts': '' });
    const git = (cwd: string, ...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd, stdio: 'ignore' });
    git(main, 'init', '-q');
    git(main, 'add', '.');
    git(main, 'commit', '-q', '-m', 'a');
    addFiles(main, { '.git/info/exclude': 'local.ts\n', 'local.ts': '' });
    const tree = join(makeTree(), 'tree');
    git(main, 'worktree', 'add', '-q', tree);
    addFiles(tree, { 'local.ts': '', 'b.ts': '' });
    expect(await paths(main)).toEqual(['a.ts']);
    expect(await paths(tree)).toEqual(['a.ts', 'b.ts']);
    expect((await leftOut(tree))['.git']).toBe('hidden');
  });

  it('applies the ignore files above the root up to the top of the repository and not beyond', async () => {
    const outer = makeTree({
      '.gitignore': '*.beyond\n',
      'repo/.git/HEAD': '',
      'repo/.gitignore': '*.log\n/packages/one/out\npackages/*/two.ts\n',
      'repo/packages/.gitignore': '*.tmp\n!important.log\n',
      'repo/packages/one/x.log': '',
      'repo/packages/one/important.log': '',
      'repo/packages/one/x.tmp': '',
      'repo/packages/one/x.beyond': '',
      'repo/packages/one/two.ts': '',
      'repo/packages/one/out/a.ts': '',
      'repo/packages/one/src/out/a.ts': '',
    });
    const root = join(outer, 'repo/packages/one');
    expect(await paths(root)).toEqual(['important.log', 'src/out/a.ts', 'x.beyond']);
  });

  it('indexes a root that the repository ignores, because the user named it', async () => {
    const top = makeTree({
      '.git/HEAD': '',
      '.gitignore': 'build/\n*.o\n',
      'build/deep/a.ts': '',
      'build/deep/b.o': '',
    });
    expect(await paths(join(top, 'build/deep'))).toEqual(['a.ts']);
    expect(await paths(join(top, 'build'))).toEqual(['deep/a.ts']);
  });

  it('does not apply the .gitignore of a repository to one nested in it, but does apply .embed-searchignore', async () => {
    const root = makeTree({
      '.git/HEAD': '',
      '.gitignore': '*.ts\n',
      '.embed-searchignore': '*.md\n',
      'own.ts': '',
      'nested/.git/HEAD': '',
      'nested/.git/info/exclude': 'private.ts\n',
      'nested/a.ts': '',
      'nested/private.ts': '',
      'nested/readme.md': '',
      'module/.git': 'gitdir: ../.git/modules/module\n',
      'module/b.ts': '',
    });
    expect(await paths(root)).toEqual(['module/b.ts', 'nested/a.ts']);
  });

  it('takes include and exclude globs by name or by path, and a folder for all below it', async () => {
    const root = makeTree({
      'src/a.ts': '',
      'src/a.test.ts': '',
      'src/deep/b.ts': '',
      'docs/c.md': '',
      'd.md': '',
    });
    expect(await paths(root, { include: ['*.ts'] })).toEqual(['src/a.test.ts', 'src/a.ts', 'src/deep/b.ts']);
    expect(await paths(root, { include: ['docs/', '/d.md'] })).toEqual(['d.md', 'docs/c.md']);
    expect(await paths(root, { include: ['src'], exclude: ['*.test.ts', 'src/deep'] })).toEqual(['src/a.ts']);
    expect(await paths(root, { include: ['src/*.ts'] })).toEqual(['src/a.test.ts', 'src/a.ts']);
    expect(await leftOut(root, { exclude: ['src'] })).toEqual({ 'src/': 'ignored' });
  });

  it('leaves out files over the size limit, and passes by the index without a word', async () => {
    const root = makeTree({ 'big.ts': 'x'.repeat(101), 'fits.ts': 'x'.repeat(100), 'index/a.ts': '' });
    const options = { maxFileSize: 100, neverEnter: [join(root, 'index')] };
    expect(await paths(root, options)).toEqual(['fits.ts']);
    expect(await leftOut(root, options)).toEqual({ 'big.ts': 'too-large' });
  });

  it.skipIf(process.platform === 'win32')(
    'does not follow links, and says which ones lead out of the root',
    async () => {
      verifies('never-outside-the-root');
      const outside = makeTree({ 'secret.txt': '' });
      const root = makeTree({ 'a/x.ts': '' });
      symlinkSync(root, join(root, 'a/loop'));
      symlinkSync(join(root, 'a/x.ts'), join(root, 'same.ts'));
      symlinkSync(outside, join(root, 'out'));
      symlinkSync(join(outside, 'secret.txt'), join(root, 'out.txt'));
      symlinkSync(join(root, 'gone'), join(root, 'broken'));
      expect(await paths(root)).toEqual(['a/x.ts']);
      expect(await leftOut(root)).toEqual({
        'a/loop': 'not-a-file',
        'same.ts': 'not-a-file',
        out: 'outside-root',
        'out.txt': 'outside-root',
        broken: 'not-a-file',
      });
    },
  );

  it.skipIf(process.platform === 'win32')(
    'does not read an ignore file through a link, nor open a named pipe',
    async () => {
      const outside = makeTree({ patterns: '*.ts\n' });
      const root = makeTree({ 'a.ts': '', 'sub/b.ts': '' });
      symlinkSync(join(outside, 'patterns'), join(root, '.gitignore'));
      execFileSync('mkfifo', [join(root, 'pipe.ts'), join(root, 'sub/.gitignore')]);
      expect(await paths(root)).toEqual(['a.ts', 'sub/b.ts']);
      expect((await leftOut(root))['pipe.ts']).toBe('not-a-file');
    },
  );

  it.skipIf(process.platform === 'win32')(
    'goes on over names with line breaks, emoji, leading dashes, backslashes and bytes that are no UTF-8',
    async () => {
      verifies('odd-files-do-not-stop-a-run');
      const names = [
        '-rf.ts',
        'a\nb.ts',
        'back\\slash.ts',
        'naïve 😀.ts',
        '[x].ts',
        '!not.ts',
        '#hash.ts',
        ' lead.ts',
      ];
      const root = makeTree({
        ...Object.fromEntries(names.map((name) => [name, ''])),
        '.gitignore': '*.log\n',
      });
      for (const byte of [0xff, 0xfe]) {
        writeFileSync(
          Buffer.concat([Buffer.from(`${root}/bad`), Buffer.from([byte]), Buffer.from('.ts')]),
          '',
        );
      }
      expect((await paths(root)).toSorted()).toEqual(names.toSorted());
      const skipped = (await entries(root)).filter(
        (entry) => entry.kind === 'skipped' && entry.reason === 'not-readable',
      );
      expect(skipped).toHaveLength(2);
    },
  );

  it.skipIf(process.platform === 'win32')(
    'brings back a folder whose name is full of pattern characters',
    async () => {
      const root = makeTree({
        '.gitignore': 'odd*/\n',
        '.embed-searchignore': '!odd*/\n',
        'odd [a] \\ ? * !#\n/x.ts': '',
        'odd [a] \\ ? * !#\n/deep/y.ts': '',
      });
      expect(await paths(root)).toHaveLength(2);
    },
  );

  it.skipIf(process.platform === 'win32')('names a folder that it may not read, and goes on', async () => {
    const root = makeTree({ 'closed/a.ts': '', 'open/b.ts': '' });
    chmodSync(root, 0o755);
    chmodSync(join(root, 'closed'), 0);
    const wasRoot = process.geteuid?.() === 0;
    if (wasRoot) process.seteuid?.(65_534);
    try {
      expect(await paths(root)).toEqual(['open/b.ts']);
      expect(await leftOut(root)).toEqual({ 'closed/': 'not-readable' });
    } finally {
      if (wasRoot) process.seteuid?.(0);
      chmodSync(join(root, 'closed'), 0o755);
    }
  });

  it('goes on when files and folders vanish under it', async () => {
    const root = makeTree({ 'a.ts': '', 'b/c.ts': '', 'd.ts': '', 'e/f.ts': '' });
    const seen: string[] = [];
    for await (const entry of walk({ root })) {
      seen.push(entry.kind === 'file' ? entry.path : `${entry.path} ${entry.reason}`);
      if (entry.path === 'a.ts') {
        rmSync(join(root, 'b'), { recursive: true });
        renameSync(join(root, 'd.ts'), join(root, 'later.ts'));
      }
    }
    expect(seen).toEqual(['a.ts', 'b/ vanished', 'd.ts vanished', 'e/f.ts']);
  });

  it('takes a root with a trailing slash, and one that is a link', async () => {
    const root = makeTree({ 'a.ts': '' });
    const link = join(makeTree(), 'link');
    symlinkSync(root, link);
    expect(await paths(`${root}/`)).toEqual(['a.ts']);
    expect(await files(link)).toMatchObject([{ path: 'a.ts', absolutePath: join(link, 'a.ts') }]);
  });

  it('refuses a root that is missing or a file, with the code of its own', async () => {
    const root = makeTree({ 'a.ts': '' });
    await expect(paths(join(root, 'none'))).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    await expect(paths(join(root, 'a.ts'))).rejects.toMatchObject({ code: 'PATH_NOT_A_FOLDER' });
    await expect(paths(join(root, 'a.ts/b'))).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  });

  it('can be left early and gives the event loop its turn within one large folder', async () => {
    const root = makeTree();
    mkdirSync(join(root, 'many'));
    for (let index = 0; index < 2_000; index++) writeFileSync(join(root, `many/${String(index)}.ts`), '');
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    let count = 0;
    for await (const entry of walk({ root })) {
      count++;
      if (entry.path === 'many/500.ts') break;
    }
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    expect(count).toBeLessThan(2_000);
  });
});

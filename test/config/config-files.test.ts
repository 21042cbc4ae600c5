import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  mergeConfigFiles,
  projectConfigFile,
  readConfigFiles,
  userConfigFile,
} from '#dist/lib/config/config-files.js';
import { parseSettings } from '#dist/lib/config/settings.js';
import { writeSetting } from '#dist/lib/config/write-setting.js';
import { projectRoot } from '../e2e/cli.js';
import { verifies } from '../house/promises.js';

function folder(files: Record<string, string> = {}): string {
  const made = mkdtempSync(path.join(os.tmpdir(), 'embed-search-config-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(made, name)), { recursive: true });
    writeFileSync(path.join(made, name), text);
  }
  return made;
}

const noUser = (at: string) => ({ XDG_CONFIG_HOME: path.join(at, 'none') });

describe('a setting', () => {
  it.each([
    ['{"modle": "x"}', 'project', /no setting "modle"/, /Did you mean "model"/],
    ['{"qqqqqq": 1}', 'project', /no setting "qqqqqq"/, /There are model, runtime/],
    ['{"lanes": 0}', 'user', /"lanes" takes a whole number from 1 to 64/, /Mend/],
    ['{"lanes": "2"}', 'user', /"lanes" takes a whole number/, /Mend/],
    ['{"memory": "small"}', 'user', /"memory" takes one of "auto", "fast", "lean"/, /Mend/],
    ['{"exclude": "dist"}', 'user', /"exclude" takes a list of globs/, /Mend/],
    ['{"max-file-size": "1X"}', 'user', /"max-file-size" takes a number of bytes, like .*"512K"/, /Mend/],
    ['{"max-file-size": 1.5}', 'user', /"max-file-size" takes a number of bytes/, /Mend/],
    ['{"min-score": 2}', 'user', /"min-score" takes a number from 0 to 1/, /Mend/],
    ['{"model": ""}', 'user', /"model" takes the name/, /Mend/],
    ['[]', 'user', /no object/, /For example/],
    ['{"model": }', 'user', /no JSON/, /Mend/],
    ['{"__proto__": {"lanes": 2}}', 'user', /no setting "__proto__"/, /./],
  ] as const)('%s in the file of a %s is refused with what to do', (text, scope, says, fix) => {
    let error: unknown;
    try {
      parseSettings(text, '/there/config.json', scope);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      exitCode: 2,
      message: expect.stringMatching(says),
      fix: expect.stringMatching(fix),
    });
    expect((error as Error).message).toContain('/there/config.json');
  });

  it('of a project cannot be a file, and nobody can set where an index, a program or a server is', () => {
    verifies('project-cannot-reach-out');
    for (const model of ['/etc/passwd', './model.gguf', '../x', 'a/b', 'hf:owner/repo/x.gguf', 'C:\\x', '..'])
      expect(() => parseSettings(JSON.stringify({ model }), 'f', 'project'), model).toThrow('by name');
    expect(parseSettings('{"model": "bge-m3-q8_0"}', 'f', 'project')).toEqual({ model: 'bge-m3-q8_0' });
    expect(parseSettings('{"model": "/models/x.gguf"}', 'f', 'user')).toEqual({ model: '/models/x.gguf' });
    for (const key of ['index-dir', 'path', 'child-program', 'hf-endpoint', 'models', 'proxy'])
      for (const scope of ['project', 'user'] as const)
        expect(() => parseSettings(JSON.stringify({ [key]: '/x' }), 'f', scope), key).toThrow('no setting');
  });

  it('is named in the README, and nothing else is', () => {
    const readme = readFileSync(path.join(projectRoot, 'README.md'), 'utf8');
    const [, named] = /A configuration file may hold, by the names of their flags,([^:]+):/.exec(readme)!;
    let known = '';
    try {
      parseSettings('{"qqqqqq": 1}', 'f', 'user');
    } catch (error) {
      known = (error as { fix: string }).fix;
    }
    const names = known
      .replace(/^There are /, '')
      .replace(/\.$/, '')
      .split(', ');
    expect(new Set([...named!.matchAll(/`([\w-]+)`/g)].map(([, name]) => name))).toEqual(new Set(names));
  });

  it('of bytes takes the units of its flag, and is a number from there on', () => {
    const settings = '{"max-file-size": "1K", "max-embedder-memory": "1.5 GiB"}';
    expect(parseSettings(settings, 'f', 'project')).toEqual({
      'max-file-size': 1024,
      'max-embedder-memory': 1.5 * 1024 ** 3,
    });
    expect(parseSettings('{"max-file-size": 300}', 'f', 'user')).toEqual({ 'max-file-size': 300 });
  });

  it('says nothing of a file that is a link to something else', () => {
    const at = folder({ 'secret.txt': 'password: hunter2' });
    symlinkSync(path.join(at, 'secret.txt'), path.join(at, 'embed-search.config.json'));
    expect(() => readConfigFiles(at, noUser(at))).toThrow(/^(?!.*hunter2).*no JSON/);
  });
});

describe('configuration files', () => {
  it('are looked for up to the root of the repository, and the nearest one counts', () => {
    const at = folder({
      'embed-search.config.json': '{"lanes": 9}',
      'repo/.git/HEAD': '',
      'repo/.embed-searchrc.json': '{"lanes": 2}',
      'repo/a/b/file': '',
    });
    const repo = path.join(at, 'repo');
    expect(projectConfigFile(path.join(repo, 'a/b'))).toBe(path.join(repo, '.embed-searchrc.json'));
    rmSync(path.join(repo, '.embed-searchrc.json'));
    expect(projectConfigFile(path.join(repo, 'a/b'))).toBeUndefined(); // not that of the folder above
    expect(projectConfigFile(at)).toBe(path.join(at, 'embed-search.config.json'));
  });

  it('of folders above are nobody’s outside of a repository and of the home folder', () => {
    const at = folder({ 'embed-search.config.json': '{"lanes": 9}', 'inner/file': '' });
    expect(projectConfigFile(path.join(at, 'inner'))).toBeUndefined();
  });

  it('of the project go over those of the user', () => {
    const at = folder({
      'embed-search.config.json': '{"lanes": 2, "$schema": "any"}',
      'xdg/embed-search/config.json': '{"lanes": 1, "memory": "lean"}',
    });
    const environment = { XDG_CONFIG_HOME: path.join(at, 'xdg') };
    expect(userConfigFile(environment)).toBe(path.join(at, 'xdg/embed-search/config.json'));
    const merged = mergeConfigFiles(readConfigFiles(at, environment));
    expect(merged.get('lanes')).toMatchObject({ value: 2, scope: 'project' });
    expect(merged.get('memory')).toMatchObject({ value: 'lean', scope: 'user' });
  });

  it.skipIf(process.platform === 'win32')(
    'that are no files, or too large, are refused and never waited for',
    () => {
      const at = folder();
      const file = path.join(at, 'embed-search.config.json');
      execFileSync('mkfifo', [file]);
      expect(() => readConfigFiles(at, noUser(at))).toThrow('no small file');
      rmSync(file);
      mkdirSync(file);
      expect(() => readConfigFiles(at, noUser(at))).toThrow('cannot be read');
      rmSync(file, { recursive: true });
      writeFileSync(file, `{"model": "${'x'.repeat(70_000)}"}`);
      expect(() => readConfigFiles(at, noUser(at))).toThrow('no small file');
    },
  );
});

describe('a setting that is written', () => {
  it('leaves the others as they are', () => {
    const at = folder({ 'c.json': '{"lanes": 3}' });
    const file = path.join(at, 'c.json');
    writeSetting(file, 'user', 'model', '/m.gguf');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ lanes: 3, model: '/m.gguf' });
    writeSetting(path.join(at, 'new', 'c.json'), 'user', 'lanes', 2);
    expect(readFileSync(path.join(at, 'new', 'c.json'), 'utf8')).toBe('{\n  "lanes": 2\n}\n');
  });

  it('is refused where it does not go there, and where the file is broken', () => {
    const at = folder({ 'c.json': '{"lanes": 3}', 'broken.json': '{' });
    expect(() => writeSetting(path.join(at, 'c.json'), 'project', 'model', '/m.gguf')).toThrow('by name');
    expect(() => writeSetting(path.join(at, 'broken.json'), 'user', 'lanes', 2)).toThrow('no JSON');
    expect(readFileSync(path.join(at, 'c.json'), 'utf8')).toBe('{"lanes": 3}');
    expect(readFileSync(path.join(at, 'broken.json'), 'utf8')).toBe('{');
  });
});

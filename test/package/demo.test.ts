import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { cleanEnvironment, makeFolder, projectRoot } from '../e2e/cli.js';
import { childrenOf, eventually, isAlive } from '../e2e/processes.js';

test.skipIf(process.platform !== 'linux')(
  'Ctrl-C in the demo leaves no folder and no process, and promises nothing that is not so',
  async () => {
    const temporary = makeFolder();
    const demo = execa(process.execPath, [path.join(projectRoot, 'scripts/demo.js')], {
      all: true,
      detached: true, // a process group of its own, as a terminal gives it
      env: { ...cleanEnvironment(), TMPDIR: temporary },
      extendEnv: false,
      reject: false,
    });
    const isIndexing = () =>
      readdirSync(temporary).some((name) => existsSync(path.join(temporary, name, 'index/index.db')));
    await eventually(() => isIndexing() && childrenOf(demo.pid!).flatMap(childrenOf).length > 0);
    const programs = childrenOf(demo.pid!);
    const all = [...programs, ...programs.flatMap(childrenOf)];
    process.kill(-demo.pid!, 'SIGINT');
    const { exitCode, all: shown } = await demo;
    expect(exitCode).toBe(130);
    expect(readdirSync(temporary).filter((name) => name.startsWith('embed-search-demo'))).toEqual([]);
    expect(shown).toContain('index of this demo is removed');
    expect(shown).not.toContain('goes on where it stopped');
    await eventually(() => !all.some(isAlive));
  },
);

#!/usr/bin/env node
// Compiles what changed, then runs the command with oclif's own checks and full stacks.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../scripts/build.js', import.meta.url));
const built = spawnSync(process.execPath, [script], { stdio: ['ignore', 'inherit', 'inherit'] });
if (built.status !== 0) process.exit(built.status ?? 1);
process.env.NODE_ENV = 'development';
Error.stackTraceLimit = 50;
await import('./run.js');
